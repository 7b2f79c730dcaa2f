"""What the API is assembled from, and the way async code reaches the database."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import redis
import redis.asyncio
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from api.live_workers import LiveWorkers
from api.rate_limits import RateLimiter
from shared.assets.read_picture import Picture, PictureFile, read_picture
from shared.config import Settings
from shared.db import Role, Sessions, close_sessions, make_sessions, transaction
from shared.errors import PictureUnreachable
from shared.events.stream import JobStream, cache_url, make_job_stream
from shared.images.make_store import make_store
from shared.images.store import ImageStore
from shared.models.catalog import Catalog
from shared.outbound.safe_http import Bounds, OutboundFailed, OutboundRefused, SafeHttp
from shared.queue import Doorbell, make_celery, make_doorbell
from shared.redis_client import make_redis

Result = TypeVar("Result")
STORE_SLOTS = 8
PICTURE_SLOTS = 2
FETCH_SLOTS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything that is built once per process.

    `database_slots` has as many places as the pool has connections: whoever waits for the
    database waits there, holding no thread, so the pool never times out of itself. `store_slots`
    keeps a slow store from taking the threads that the database needs; `picture_slots` bounds the
    memory that decoding takes.
    """

    settings: Settings
    sessions: Sessions
    admin_sessions: Sessions
    doorbell: Doorbell
    broker: redis.Redis
    job_stream: JobStream
    cache: redis.asyncio.Redis
    rate_limiter: RateLimiter
    store: ImageStore
    catalog: Catalog
    live_workers: LiveWorkers
    database_slots: asyncio.Semaphore
    store_slots: asyncio.Semaphore
    fetch_slots: asyncio.Semaphore
    safe_http: SafeHttp
    picture_slots: asyncio.Semaphore

    async def in_transaction(self, work: Callable[[Session], Result]) -> Result:
        """Run `work` in a transaction of its own, on a thread, ended when this returns."""

        def run() -> Result:
            with transaction(self.sessions) as session:
                return work(session)

        async with self.database_slots:
            return await run_in_threadpool(run)

    async def at_store(self, work: Callable[[ImageStore], Result]) -> Result:
        """Run `work` with the store, on a thread."""
        async with self.store_slots:
            return await run_in_threadpool(work, self.store)

    async def read_picture(self, file: PictureFile) -> Picture:
        """Decode what a caller sent, on a thread."""
        async with self.picture_slots:
            return await run_in_threadpool(read_picture, file, self.settings.max_picture_pixels)

    async def fetch(self, url: str, pointer: str) -> bytes:
        """Fetch what lies at an address that a caller named, on a thread.

        Raises:
            PictureUnreachable: It may not be reached, or gives nothing usable.
        """
        bounds = Bounds(self.settings.max_upload_bytes, self.settings.fetch_timeout_s)
        async with self.fetch_slots:
            try:
                return await run_in_threadpool(self.safe_http.fetch, url, bounds)
            except (OutboundRefused, OutboundFailed) as error:
                raise PictureUnreachable(pointer, f"cannot be fetched: {error}") from error

    async def aclose(self) -> None:
        """Close what was opened."""
        await self.cache.aclose()
        await self.rate_limiter.aclose()
        self.safe_http.close()
        self.broker.close()
        close_sessions(self.sessions)
        close_sessions(self.admin_sessions)


def make_parts(settings: Settings) -> Parts:
    """Build every part as the settings say; nothing is connected yet."""
    return Parts(
        settings=settings,
        sessions=make_sessions(settings, Role.API),
        admin_sessions=make_sessions(settings, Role.ADMIN),
        doorbell=make_doorbell(settings, make_celery(settings)),
        broker=make_redis(settings.redis_url.get_secret_value(), settings.redis_timeout_s),
        job_stream=make_job_stream(settings),
        cache=_make_cache(settings),
        rate_limiter=RateLimiter(cache_url(settings), settings.redis_timeout_s),
        store=make_store(settings),
        catalog=Catalog.load(settings.catalog),
        live_workers=LiveWorkers(settings.lease_s),
        database_slots=asyncio.Semaphore(settings.database_pool_size),
        store_slots=asyncio.Semaphore(STORE_SLOTS),
        fetch_slots=asyncio.Semaphore(FETCH_SLOTS),
        safe_http=SafeHttp(settings.outbound_allowed_hosts),
        picture_slots=asyncio.Semaphore(PICTURE_SLOTS),
    )


def _make_cache(settings: Settings) -> redis.asyncio.Redis:
    return redis.asyncio.Redis.from_url(
        cache_url(settings),
        socket_timeout=settings.redis_timeout_s,
        socket_connect_timeout=settings.redis_timeout_s,
        retry=Retry(NoBackoff(), 0),
    )
