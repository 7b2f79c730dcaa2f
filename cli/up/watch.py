"""The supervisor's end of the line to its watchdog."""

import contextlib
import subprocess
import sys

from cli.embedded.process import Command


class Watchdog:
    """A process that ends our children if we are killed; `lock` is held by it too."""

    def __init__(self, lock: int) -> None:
        self._process = subprocess.Popen(
            (sys.executable, "-m", "cli.up.watchdog"),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(lock,),
            process_group=0,
        )

    def note_start(self, process_id: int, command: Command, grace_s: float) -> None:
        """Say that a child was started."""
        self._write(f"+ {process_id} {int(command.stop_signal)} {grace_s:g}\n")

    def note_end(self, process_id: int) -> None:
        """Say that a child has ended."""
        self._write(f"- {process_id}\n")

    def close(self) -> None:
        """Let it go; it ends what we left, if anything."""
        with contextlib.suppress(OSError):
            self._process.communicate()

    def _write(self, line: str) -> None:
        # it can only be gone if somebody killed it, and the service goes on without
        with contextlib.suppress(OSError, ValueError):
            if self._process.stdin is not None:
                self._process.stdin.write(line.encode())
                self._process.stdin.flush()
