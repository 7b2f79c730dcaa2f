"""Ends the children of a supervisor that was killed and could not end them itself.

It reads one line per child from its standard input: `+ <process id> <signal> <grace_s>` when one
was started, `- <process id>` when one ended. The end of the input is the death of the supervisor.
It also holds the folder's lock, so that no new run starts among the remains of the old one.
"""

import contextlib
import os
import signal
import sys
import time

import psutil

POLL_S = 0.05


def main() -> None:
    """Follow the supervisor, then end what it left, last started first."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    children: dict[int, tuple[psutil.Process | None, int, float]] = {}
    for line in sys.stdin:
        mark, process_id, *rest = line.split()
        if mark == "-":
            children.pop(int(process_id), None)
        else:
            children[int(process_id)] = (_find(int(process_id)), int(rest[0]), float(rest[1]))
    for process_id, (process, number, grace_s) in reversed(children.items()):
        _end(process_id, process, number, grace_s)


def _find(process_id: int) -> psutil.Process | None:
    with contextlib.suppress(psutil.Error):
        return psutil.Process(process_id)
    return None


def _end(group_id: int, process: psutil.Process | None, number: int, grace_s: float) -> None:
    deadline = time.monotonic() + grace_s
    with contextlib.suppress(psutil.Error):
        if process is not None and process.is_running():
            process.send_signal(number)
            while _is_alive(process) and time.monotonic() < deadline:
                time.sleep(POLL_S)
    with contextlib.suppress(OSError):
        os.killpg(group_id, signal.SIGKILL)


def _is_alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


if __name__ == "__main__":
    main()
