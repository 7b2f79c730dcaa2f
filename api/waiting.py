"""The one subscriber of an API process: whoever waits for a job waits here.

A waiting call holds an entry in a table and nothing else: no thread, no transaction, no
connection of its own. While Redis is away, one query per interval asks for all of them at once.
"""

import asyncio
import contextlib
import json
import logging
from collections import OrderedDict, defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Generator
from typing import TypeVar

import redis.asyncio
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from api.feed import Feed, StreamEvent
from shared.events.stream import CHANNEL, JobEvent
from shared.ids import JobId

Entry = TypeVar("Entry")
FindEnded = Callable[[Collection[JobId]], Awaitable[Collection[JobId]]]

_RECONNECT_DELAY_S = 0.5
_LISTEN_S = 1.0
_SILENCE_S = 6.0
_SAFETY_FACTOR = 5  # how much rarer the database is asked while Redis answers
_MAX_REMEMBERED = 4096
_log = logging.getLogger(__name__)


class Subscriber:
    """Hears of every job's events once per process and hands them to those who wait."""

    def __init__(
        self, cache: redis.asyncio.Redis, find_ended: FindEnded, poll_interval_s: float
    ) -> None:
        self._cache = cache
        self._find_ended = find_ended
        self._poll_interval_s = poll_interval_s
        self._waits: defaultdict[JobId, set[asyncio.Future[None]]] = defaultdict(set)
        self._feeds: defaultdict[JobId, set[Feed]] = defaultdict(set)
        # a job may end between its row being read and its wait being entered
        self._ended: OrderedDict[JobId, None] = OrderedDict()
        self._is_listening = False
        self._poll_now = asyncio.Event()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Listen and poll for the time of the block."""
        tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._poll())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def wait_until_ended(self, job_id: JobId, timeout_s: float) -> None:
        """Return when the job has ended or the time is over."""
        if job_id in self._ended:
            return
        ended = asyncio.get_running_loop().create_future()
        self._waits[job_id].add(ended)
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    await ended
        finally:
            _discard(self._waits, job_id, ended)

    @contextlib.contextmanager
    def following(self, job_id: JobId) -> Generator[Feed]:
        """Yield a feed of the job's events from now on."""
        feed = Feed()
        self._feeds[job_id].add(feed)
        if job_id in self._ended:
            feed.end()
        try:
            yield feed
        finally:
            _discard(self._feeds, job_id, feed)

    async def _listen(self) -> None:
        while True:
            try:
                async with self._cache.pubsub() as channel:
                    await channel.subscribe(CHANNEL)
                    await self._hear(channel)
            except (RedisError, OSError) as error:
                if self._is_listening:
                    _log.warning("events: Redis is away, asking the database: %s", error)
            except Exception:  # noqa: BLE001 - waiting calls must not lose their subscriber
                _log.exception("events: the subscriber failed and starts again")
            finally:
                self._is_listening = False
                self._poll_now.set()
            await asyncio.sleep(_RECONNECT_DELAY_S)

    async def _hear(self, channel: PubSub) -> None:
        """Hand on what the channel says.

        Raises:
            ConnectionResetError: It stayed silent even when asked.
        """
        loop = asyncio.get_running_loop()
        heard_at_s = loop.time()
        while True:
            message = await channel.get_message(timeout=_LISTEN_S)
            if message is None:
                if loop.time() - heard_at_s > _SILENCE_S:
                    raise ConnectionResetError("no answer on the subscription")
                await channel.ping()
                continue
            heard_at_s = loop.time()
            if message["type"] == "subscribe":
                self._catch_up()
            elif message["type"] == "message":
                self._dispatch(message["data"])

    def _catch_up(self) -> None:
        """Whatever was said while nobody listened is read again from the source."""
        self._is_listening = True
        self._poll_now.set()
        for feeds in self._feeds.values():
            for feed in feeds:
                feed.mark_gap()

    def _dispatch(self, body: bytes) -> None:
        message = json.loads(body)
        job_id = JobId(message["job_id"])
        event = StreamEvent(message["id"], message["type"], message["data"])
        for feed in self._feeds.get(job_id, ()):
            feed.offer(event)
        if event.kind == JobEvent.DONE:
            self._settle(job_id)

    def _settle(self, job_id: JobId) -> None:
        self._ended[job_id] = None
        while len(self._ended) > _MAX_REMEMBERED:
            self._ended.popitem(last=False)
        for ended in self._waits.get(job_id, ()):
            if not ended.done():
                ended.set_result(None)

    async def _poll(self) -> None:
        while True:
            pause_s = self._poll_interval_s * (_SAFETY_FACTOR if self._is_listening else 1)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await self._poll_now.wait()
            self._poll_now.clear()
            watched = self._waits.keys() | self._feeds.keys()
            if not watched:
                continue
            try:
                for job_id in await self._find_ended(watched):
                    self._settle(job_id)
                    for feed in self._feeds.get(job_id, ()):
                        feed.end()
            except Exception as error:  # noqa: BLE001 - the next look may find the database again
                _log.warning("events: the database does not answer: %s", error)


def _discard(table: dict[JobId, set[Entry]], job_id: JobId, entry: Entry) -> None:
    entries = table.get(job_id, set())
    entries.discard(entry)
    if not entries:
        table.pop(job_id, None)
