"""Ending a process that is of no use any more, so that its parent starts another."""

import logging
import os
import time
from collections.abc import Generator
from contextlib import contextmanager

EXIT_STATUS = 70
PAUSE_S = 1.0  # so that a fault that stays makes no storm of processes

_log = logging.getLogger(__name__)


@contextmanager
def exit_broken() -> Generator[None]:
    """End the process if the block raises: what broke it may have broken the device too."""
    try:
        yield
    except Exception:  # noqa: BLE001 - whatever it was, a fresh process is free of it
        _log.exception("this process is broken and ends")
        time.sleep(PAUSE_S)
        os._exit(EXIT_STATUS)
