"""Noticing a parent that has gone deaf: doorbells wait in Redis, and this process idles."""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

import redis

INTERVAL_S = 5.0
PATIENCE_S = 60.0

_log = logging.getLogger(__name__)


class ParentWatch:
    """Looks from a thread of its own, and ends a parent that hears nothing for too long.

    An idle parent takes a doorbell within milliseconds. One that does not has lost its broker
    without knowing, and whoever supervises it starts another, which connects anew.
    """

    def __init__(
        self,
        count_doorbells: Callable[[], int],
        is_busy: Callable[[], bool],
        end_parent: Callable[[], None],
        interval_s: float = INTERVAL_S,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._count_doorbells = count_doorbells
        self._is_busy = is_busy
        self._end_parent = end_parent
        self._interval_s = interval_s
        self._patience_s = patience_s
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="parent watch", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ending.set()
        self._thread.join()

    def _run(self) -> None:
        heard_s = time.monotonic()
        while not self._ending.wait(self._interval_s):
            if self._is_busy() or not self._has_doorbells():
                heard_s = time.monotonic()
            elif time.monotonic() - heard_s >= self._patience_s:
                _log.error("no doorbell was heard for %.0f s though some wait", self._patience_s)
                self._end_parent()
                heard_s = time.monotonic()

    def _has_doorbells(self) -> bool:
        try:
            return self._count_doorbells() > 0
        except redis.RedisError:
            return False  # nobody can hear now


class ParentEnder:
    """Asks the parent to end, and the second time makes it."""

    def __init__(self) -> None:
        self._signal = signal.SIGTERM

    def __call__(self) -> None:
        """Send the next signal."""
        os.kill(os.getppid(), self._signal)
        self._signal = signal.SIGKILL
