"""Start and stop one server process."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from cli.embedded.account import Account

POLL_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """How one process is started, and the signal that ends it cleanly."""

    arguments: tuple[str, ...]
    environment: Mapping[str, str]
    folder: Path = Path("/")
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM


def start_process(command: Command, log: Path) -> subprocess.Popen[bytes]:
    """Start the command in a process group of its own, its output appended to `log`.

    A terminal's Ctrl-C reaches the foreground group only, so it leaves these processes alone.
    """
    account = command.account
    with log.open("ab") as output:
        return subprocess.Popen(
            command.arguments,
            cwd=command.folder,
            env=dict(command.environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            process_group=0,
            user=None if account is None else account.user_id,
            group=None if account is None else account.group_id,
            extra_groups=None if account is None else [],
            umask=0o077,
        )


def stop_process(
    process: subprocess.Popen[bytes], stop_signal: signal.Signals, grace_s: float
) -> None:
    """Ask the process to end, wait, then kill what is left of its group."""
    if process.poll() is None:
        process.send_signal(stop_signal)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=grace_s)
    kill_group(process.pid)
    process.wait()


def kill_group(group_id: int) -> None:
    """Kill every process of the group at once."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group_id, signal.SIGKILL)


def stop_leftover(process_id: int, argument: str, stop_signal: signal.Signals) -> bool:
    """Stop a process of an earlier run, if `process_id` is still one: its arguments tell.

    Returns:
        Whether there was one.
    """
    try:
        process = psutil.Process(process_id)
        if argument not in process.cmdline():
            return False
        process.send_signal(stop_signal)
        try:
            process.wait(timeout=10)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait(timeout=10)
    except psutil.NoSuchProcess:
        return False
    return True


def find_free_port() -> int:
    """Return a TCP port on loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_port_open(port: int) -> bool:
    """Say whether something listens on the port of loopback."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def wait_until(
    probe: Callable[[], bool], process: subprocess.Popen[bytes], timeout_s: float
) -> None:
    """Wait until the probe holds.

    Raises:
        ChildProcessError: the process ended first.
        TimeoutError: it did not hold in time.
    """
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise ChildProcessError(describe_end(process.returncode))
        if probe():
            return
        time.sleep(POLL_S)
    msg = f"was not ready within {timeout_s:g} s"
    raise TimeoutError(msg)


def describe_end(return_code: int) -> str:
    """Say how a process ended."""
    if return_code < 0:
        return f"killed by {signal.Signals(-return_code).name}"
    return f"ended with status {return_code}"
