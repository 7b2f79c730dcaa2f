"""One side as a process of its own, which costs nothing while another has its turn."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from bench.engine.subject import Subject

ROOT = Path(__file__).parents[3]
PEERS = ROOT / "bench" / ".peers"  # where `make bench` puts what only peers need
# Width in pixels, images of one row, images of two, and how many ticks were so.
Tick = tuple[int, int, int, int]
START_S = 600
STOP_S = 10


@dataclass(frozen=True, slots=True)
class Side:
    """A running server and its process group."""

    name: str
    url: str
    process: subprocess.Popen[bytes]

    def wait_until_ready(self) -> None:
        """Return once it answers; from then on it stands still outside its turns.

        Raises:
            RuntimeError: It ended, or took too long.
        """
        give_up_s = time.monotonic() + START_S
        while time.monotonic() < give_up_s and self.process.poll() is None:
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"{self.url}/health", timeout=5).is_success:
                    os.killpg(self.process.pid, signal.SIGSTOP)
                    return
            time.sleep(0.2)
        raise RuntimeError(f"{self.name} did not start")

    @contextlib.contextmanager
    def turn(self) -> Iterator[str]:
        """Let it run; outside its turn all its processes stand still."""
        os.killpg(self.process.pid, signal.SIGCONT)
        try:
            yield self.url
        finally:
            os.killpg(self.process.pid, signal.SIGSTOP)

    def processor_s(self) -> float:
        """Return the processor time of all its processes so far."""
        leader = psutil.Process(self.process.pid)
        times = [one.cpu_times() for one in (leader, *leader.children(recursive=True))]
        return sum(one.user + one.system for one in times)

    def read_ticks(self) -> list[Tick]:
        """Return its ticks since the last call."""
        answer: list[Tick] = httpx.post(f"{self.url}/ticks", timeout=30).json()
        return answer


def is_litserve_there() -> bool:
    """Whether `make bench` has installed the peer."""
    return (PEERS / "litserve").is_dir()


@contextlib.contextmanager
def running_side(
    name: str, module: str, subject: Subject, options: Mapping[str, object]
) -> Iterator[Side]:
    """Start `bench.engine.sides.<module>` in a process group of its own, and end all of it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {"OMP_WAIT_POLICY": "PASSIVE", "PYTHONPATH": f"{ROOT}:{PEERS}"}
    if subject.device == "cpu":
        environment["OMP_NUM_THREADS"] = "1"
    command = [sys.executable, "-m", f"bench.engine.sides.{module}", subject.dump(), str(port)]
    process = subprocess.Popen(
        [*command, json.dumps(options)],
        env=environment,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
    )
    try:
        yield Side(name, f"http://127.0.0.1:{port}", process)
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGCONT)
        os.killpg(process.pid, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(STOP_S)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # what it started and did not end
    process.wait()
