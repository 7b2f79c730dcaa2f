"""`atelier up` as a process that tests talk to, break and stop."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from cli.embedded.process import find_free_port

ROOT = Path(__file__).parents[1]
ATELIER = (sys.executable, "-m", "cli.main")
READY_TIMEOUT_S = 240
STOP_TIMEOUT_S = 60
SETTINGS = re.compile(r"^(ATELIER_.*|.*_URL|SECRET_KEY|PORT|OUTBOUND_ALLOWED_HOSTS)$")


def clean_environment(**variables: str) -> dict[str, str]:
    """Return our environment without settings of the service, and with `variables`."""
    kept = {name: value for name, value in os.environ.items() if not SETTINGS.match(name)}
    return kept | variables


def run_atelier(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run(
        (*ATELIER, *arguments),
        cwd=ROOT,
        env=clean_environment(**variables),
        capture_output=True,
        text=True,
        timeout=READY_TIMEOUT_S,
        check=False,
    )


@dataclass(slots=True, kw_only=True)
class RunningUp:
    """One `atelier up` and the folder it keeps."""

    home: Path
    port: int
    output: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    wrapper: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    known: dict[int, psutil.Process] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def text(self) -> str:
        """What this start has printed so far."""
        return self.output.read_text()

    def start(self) -> None:
        """Start it, in a session of its own, as a terminal would."""
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                (*self.wrapper, *ATELIER, "up", f"--home={self.home}", f"--port={self.port}"),
                cwd=ROOT,
                env=clean_environment(**self.variables),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def await_ready(self) -> None:
        """Wait until it says that it is ready."""
        self.wait_for(lambda: "\nready " in self.text, READY_TIMEOUT_S)
        self.note_processes()

    def wait_for(self, condition: Callable[[], bool], timeout_s: float) -> None:
        """Wait for the condition while it runs."""
        deadline = time.monotonic() + timeout_s
        while not condition():
            assert self.process is not None
            assert self.process.poll() is None, f"up ended:\n{self.text}"
            assert time.monotonic() < deadline, f"it took longer than {timeout_s} s:\n{self.text}"
            time.sleep(0.1)

    def note_processes(self) -> None:
        """Remember every process that it has started, theirs included."""
        assert self.process is not None
        supervisor = psutil.Process(self.process.pid)
        for one in (supervisor, *supervisor.children(recursive=True)):
            self.known[one.pid] = one

    def find_processes(self, *words: str) -> list[psutil.Process]:
        """Return the processes below it whose command line has all these words."""
        assert self.process is not None
        below = psutil.Process(self.process.pid).children(recursive=True)
        return [one for one in below if all(word in _line_of(one) for word in words)]

    def find_process(self, *words: str) -> psutil.Process:
        """Return the first of them."""
        found = self.find_processes(*words)
        assert found, f"no process with {words}"
        return found[0]

    def living(self) -> list[str]:
        """Return the command lines of remembered processes that still live."""
        return [_line_of(one) for one in self.known.values() if _is_alive(one)]

    def read_up_file(self) -> dict[str, str]:
        """Return what `up.json` says."""
        up: dict[str, str] = json.loads((self.home / "up.json").read_text())
        return up

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send the signal to its process group, as a terminal would; return its exit status."""
        assert self.process is not None
        os.killpg(self.process.pid, number)
        return self.process.wait(timeout=STOP_TIMEOUT_S)


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _line_of(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


@contextmanager
def up_in(
    folder: Path,
    *,
    home: Path | None = None,
    variables: Mapping[str, str] | None = None,
    wrapper: tuple[str, ...] = (),
) -> Iterator[RunningUp]:
    """Yield an `up` that is not started yet; end and remove whatever is left of it."""
    running = RunningUp(
        home=home or folder / "home",
        port=find_free_port(),
        output=folder / "up.out",
        variables=variables or {},
        wrapper=wrapper,
    )
    try:
        yield running
    finally:
        _end(running)
        link = running.home / "servers"
        if link.is_symlink():
            shutil.rmtree(link.readlink())


def _end(running: RunningUp) -> None:
    if running.process is None:
        return
    if running.process.poll() is None:
        running.note_processes()
        try:
            running.stop()
        except subprocess.TimeoutExpired:
            running.process.kill()
            running.process.wait()
    for one in running.known.values():
        if _is_alive(one):
            one.kill()
