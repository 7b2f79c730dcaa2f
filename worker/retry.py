"""Trying again what failed for a reason that may pass."""

import logging
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

DATABASE_AWAY = (OperationalError, InterfaceError, NoConnection)
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 2.0

_T = TypeVar("_T")
_log = logging.getLogger(__name__)


def retry(
    operation: Callable[[], _T],
    passing: tuple[type[Exception], ...],
    patience_s: float,
    ending: threading.Event,
) -> _T:
    """Do `operation`, again and again while it fails in a `passing` way.

    After `patience_s`, or once `ending` is set, its error is raised as any other is at once.
    """
    give_up_s = time.monotonic() + patience_s
    pause_s = FIRST_PAUSE_S
    while True:
        try:
            return operation()
        except passing as error:
            if ending.is_set() or time.monotonic() + pause_s > give_up_s:
                raise
            _log.warning("%s; trying again in %.1f s", type(error).__name__, pause_s)
        ending.wait(pause_s)
        pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
