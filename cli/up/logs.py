"""The files that children write their output to, kept from growing without end."""

import contextlib
import shutil
from pathlib import Path

MAX_LOG_BYTES = 20_000_000
TAIL_LINES = 12
TAIL_BYTES = 16_384


def limit_log(log: Path) -> None:
    """Move a log that has grown large to `….log.1`, in place: its writer keeps the file open."""
    with contextlib.suppress(OSError):
        if log.stat().st_size > MAX_LOG_BYTES:
            shutil.copyfile(log, log.with_name(f"{log.name}.1"))
            with log.open("r+b") as file:
                file.truncate(0)


def read_tail(log: Path, from_byte: int) -> list[str]:
    """Return the last lines of what was written after `from_byte`."""
    with contextlib.suppress(OSError), log.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(from_byte if from_byte <= size else 0, size - TAIL_BYTES))
        return file.read().decode(errors="replace").splitlines()[-TAIL_LINES:]
    return []


def measure_log(log: Path) -> int:
    """Return the size in bytes."""
    with contextlib.suppress(OSError):
        return log.stat().st_size
    return 0
