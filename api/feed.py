"""What one follower of a job still has to be told: a queue that cannot grow."""

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Any

MAX_PENDING = 64


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """One entry of a job's stream; `id` is the one Redis gave it."""

    id: str
    kind: str
    data: dict[str, Any]


@dataclass(slots=True)
class Arrival:
    """What came since the last look.

    `has_gap`: some events were not kept here and are to be read from the stream.
    `has_ended`: the row says that the job has ended.
    """

    events: list[StreamEvent]
    has_gap: bool
    has_ended: bool


class Feed:
    """Filled by the subscriber, emptied by one response. A slow reader gets a gap, not memory."""

    def __init__(self) -> None:
        self._events: list[StreamEvent] = []
        self._has_gap = False
        self._has_ended = False
        self._changed = asyncio.Event()

    def offer(self, event: StreamEvent) -> None:
        """Add an event, or note a gap where too many wait already."""
        if len(self._events) >= MAX_PENDING:
            self.mark_gap()
        else:
            self._events.append(event)
            self._changed.set()

    def mark_gap(self) -> None:
        """Forget what waits; the reader takes it from the stream."""
        self._events.clear()
        self._has_gap = True
        self._changed.set()

    def end(self) -> None:
        """Say that the job has ended, whatever the stream says."""
        self._has_ended = True
        self._changed.set()

    async def next_arrival(self, timeout_s: float) -> Arrival | None:
        """Return what came, as soon as something did, or None when the time is over."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._changed.wait()
        if not self._changed.is_set():
            return None
        self._changed.clear()
        arrival = Arrival(self._events, self._has_gap, self._has_ended)
        self._events, self._has_gap = [], False
        return arrival
