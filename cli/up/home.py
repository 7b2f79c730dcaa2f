"""The folder of `atelier up`: made private, checked for space, held by one run at a time."""

import fcntl
import json
import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from cli.errors import CommandError

MIN_FREE_BYTES = 500_000_000
LOCK_FILE = "lock"
CLEANUP_TIMEOUT_S = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """The run that holds a folder."""

    pid: int
    url: str


def open_home(home: Path, min_free_bytes: int) -> None:
    """Make the folder and its parts, private to their owner.

    Raises:
        CommandError: it cannot be written, or its disk is nearly full.
    """
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in ("logs", "images"):
            (home / name).mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        msg = f"cannot use the folder {home}: {error.strerror}. Choose another with --home"
        raise CommandError(msg) from None
    free_bytes = shutil.disk_usage(home).free
    if free_bytes < min_free_bytes:
        msg = (
            f"the disk of {home} is nearly full: {free_bytes / 1e6:.0f} MB are free, "
            f"{min_free_bytes / 1e6:.0f} MB are needed. Free some, or choose another with --home"
        )
        raise CommandError(msg)


def lock_home(home: Path, url: str) -> int:
    """Hold the folder for as long as the returned descriptor is open.

    Raises:
        CommandError: another run holds it; the message says which.
    """
    descriptor = os.open(home / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + CLEANUP_TIMEOUT_S
    while not _try_lock(descriptor):
        holder = _read_holder(home)
        # the watchdog of a killed run holds the lock until it has ended what that run started
        if psutil.pid_exists(holder.pid) or time.monotonic() > deadline:
            os.close(descriptor)
            msg = (
                f"Atelier already runs on {home}: process {holder.pid}, {holder.url}. Stop it "
                f"there with Ctrl-C (or kill {holder.pid}), or choose another folder with --home"
            )
            raise CommandError(msg)
        time.sleep(0.2)
    os.truncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps({"pid": os.getpid(), "url": url}).encode(), 0)
    return descriptor


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read_holder(home: Path) -> Holder:
    try:
        return Holder(**json.loads((home / LOCK_FILE).read_text()))
    except (ValueError, TypeError):
        return Holder(pid=0, url="which is just starting")
