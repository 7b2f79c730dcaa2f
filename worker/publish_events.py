"""Telling the job's stream what happens, from a thread of its own, so that nothing waits for Redis.

Best effort: while Redis is down, progress is dropped and ends are kept for a while. Rows are the
truth, and those who wait look at them too.
"""

import contextlib
import logging
import queue
import threading
import time
from types import TracebackType
from typing import Any, NamedTuple, Self

import redis

from shared.events.stream import JobEvent, JobStream
from shared.ids import JobId
from worker.encode_image import Pixels, encode_preview

MAX_WAITING = 2000
RETRY_AFTER_S = 1.0
KEEP_ENDS_S = 30.0

_log = logging.getLogger(__name__)


class _Event(NamedTuple):
    job_id: JobId
    kind: JobEvent
    data: dict[str, Any]
    preview: Pixels | None
    made_s: float


class Publisher:
    """Publishes in order; never blocks, never raises.

    After a failure only ends are tried for a while, so that a dead Redis holds up none of them.
    """

    def __init__(self, stream: JobStream) -> None:
        self._stream = stream
        self._waiting: queue.Queue[_Event | None] = queue.Queue(MAX_WAITING)
        self._ending = threading.Event()
        self._silent_until_s = 0.0
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Publish what waits, and end the thread."""
        self._ending.set()
        self._waiting.put(None)
        self._thread.join()

    def publish(
        self, job_id: JobId, kind: JobEvent, data: dict[str, Any], preview: Pixels | None = None
    ) -> None:
        """Queue one event, or drop it where too many wait; previews are encoded later."""
        with contextlib.suppress(queue.Full):
            self._waiting.put_nowait(_Event(job_id, kind, data, preview, time.monotonic()))

    def _run(self) -> None:
        while (event := self._waiting.get()) is not None:
            while not self._try(event) and self._is_worth_another_try(event):
                self._ending.wait(RETRY_AFTER_S)

    def _is_worth_another_try(self, event: _Event) -> bool:
        is_fresh = time.monotonic() - event.made_s < KEEP_ENDS_S
        return event.kind is JobEvent.DONE and is_fresh and not self._ending.is_set()

    def _try(self, event: _Event) -> bool:
        """Publish one event; tell whether Redis took it."""
        if event.kind is not JobEvent.DONE and time.monotonic() < self._silent_until_s:
            return False
        data = event.data
        if event.preview is not None:
            height_px, width_px = event.preview.shape[:2]
            data = data | {
                "image": encode_preview(event.preview),
                "content_type": "image/webp",
                "width": width_px,
                "height": height_px,
            }
        try:
            self._stream.publish(event.job_id, event.kind, data)
        except (redis.RedisError, OSError) as error:
            if self._silent_until_s == 0:
                _log.warning("events are dropped: %s", type(error).__name__)
            self._silent_until_s = time.monotonic() + RETRY_AFTER_S
            return False
        self._silent_until_s = 0.0
        return True
