"""A job's events as a server-sent stream: what was said, then what is being said."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import Any

import redis.asyncio
from redis.exceptions import RedisError
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.feed import Arrival, StreamEvent
from api.hang_up import run_until_hang_up
from api.schemas.jobs import JobView
from api.waiting import Subscriber
from shared.errors import NotFound
from shared.events.stream import JobEvent, stream_key
from shared.ids import JobId
from shared.jobs.status import END_STATUSES

HEARTBEAT_S = 15.0
RECONNECT_MS = 1000
_START = "0-0"
_HEARTBEAT = b": still here\n\n"
_log = logging.getLogger(__name__)

ReadView = Callable[[], Awaitable[JobView]]


class JobEvents:
    """One caller's way through the events of one job, starting after `last_id`."""

    def __init__(
        self, cache: redis.asyncio.Redis, job_id: JobId, read_view: ReadView, last_id: str | None
    ) -> None:
        self._cache = cache
        self._job_id = job_id
        self._read_view = read_view
        self._is_resumed = last_id is not None
        self._last_id = last_id or _START
        self._is_done = False

    async def messages(self, subscriber: Subscriber) -> AsyncIterator[bytes]:
        """Yield what the caller has not seen, until the job ends."""
        with subscriber.following(self._job_id) as feed:
            async for message in self._begin():
                yield message
            while not self._is_done:
                arrival = await feed.next_arrival(HEARTBEAT_S)
                if arrival is None:
                    yield _HEARTBEAT
                    continue
                async for message in self._continue(arrival):
                    yield message

    async def _begin(self) -> AsyncIterator[bytes]:
        yield f"retry: {RECONNECT_MS}\n\n".encode()
        view = await self._find_view()
        if view is None:
            yield await self._done_message(None, {})
            return
        if not self._is_resumed:
            yield _status_message(view)
        past = await self._read_stream()
        if not self._is_resumed:
            # the row is newer than any status said before
            past = [event for event in past if event.kind != JobEvent.STATUS]
        async for message in self._tell(past):
            yield message
        if view.status in END_STATUSES and not self._is_done:
            if self._is_resumed:
                yield _status_message(view)
            yield await self._done_message(None, {})

    async def _continue(self, arrival: Arrival) -> AsyncIterator[bytes]:
        events = await self._read_stream() if arrival.has_gap else arrival.events
        async for message in self._tell(events):
            yield message
        if arrival.has_ended and not self._is_done:
            yield await self._done_message(None, {})

    async def _tell(self, events: Iterable[StreamEvent]) -> AsyncIterator[bytes]:
        for event in events:
            if self._is_done or _order(event.id) <= _order(self._last_id):
                continue
            self._last_id = event.id
            if event.kind == JobEvent.DONE:
                yield await self._done_message(event.id, event.data)
            else:
                yield _message(event.kind, event.data, event.id)

    async def _done_message(self, event_id: str | None, data: dict[str, Any]) -> bytes:
        self._is_done = True
        view = await self._find_view()
        if view is None:
            data = data | {"id": self._job_id, "deleted": True}
        else:
            data = view.model_dump(mode="json")
        return _message(JobEvent.DONE, data, event_id)

    async def _find_view(self) -> JobView | None:
        """Return the job, or None where it was deleted meanwhile."""
        try:
            return await self._read_view()
        except NotFound:
            return None

    async def _read_stream(self) -> list[StreamEvent]:
        """Return the stream after `last_id`; nothing while Redis is away."""
        try:
            entries: Any = await self._cache.xrange(stream_key(self._job_id), f"({self._last_id}")
        except (RedisError, OSError) as error:
            _log.warning("stream of %s: %s", self._job_id, error)
            return []
        return [
            StreamEvent(entry_id.decode(), fields[b"type"].decode(), json.loads(fields[b"data"]))
            for entry_id, fields in entries
        ]


class EventStreamResponse(Response):
    """Sends messages as they come, at the pace of the caller."""

    media_type = "text/event-stream"

    def __init__(self, messages: AsyncIterator[bytes]) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._messages = messages

    async def __call__(
        self,
        scope: Scope,  # noqa: ARG002 - ASGI
        receive: Receive,
        send: Send,
    ) -> None:
        """Answer; see the class."""
        await run_until_hang_up(receive, self._send_all(send))

    async def _send_all(self, send: Send) -> None:
        start = {"status": self.status_code, "headers": self.raw_headers}
        await send({"type": "http.response.start", **start})
        async for message in self._messages:
            await send({"type": "http.response.body", "body": message, "more_body": True})
            await asyncio.sleep(0)  # a fast stream must not keep the loop from others
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _status_message(view: JobView) -> bytes:
    shown = view.model_dump(mode="json", include={"id", "status", "attempts", "progress", "queue"})
    return _message(JobEvent.STATUS, shown, None)


def _message(kind: str, data: dict[str, Any], event_id: str | None) -> bytes:
    head = f"id: {event_id}\n" if event_id else ""
    return f"{head}event: {kind}\ndata: {json.dumps(data)}\n\n".encode()


def _order(event_id: str) -> tuple[int, int]:
    milliseconds, _, sequence = event_id.partition("-")
    return int(milliseconds), int(sequence)
