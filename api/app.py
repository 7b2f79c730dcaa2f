"""Composition root of the API: `uvicorn --factory api.app:create_app`."""

import contextlib
from collections.abc import AsyncGenerator, Collection

import anyio.to_thread
from fastapi import FastAPI

from api.errors import add_error_handlers
from api.middleware import BodyLimit, RequestFrame
from api.parts import FETCH_SLOTS, PICTURE_SLOTS, STORE_SLOTS, Parts, make_parts
from api.routes import (
    admin,
    assets,
    health,
    images,
    job_events,
    job_list,
    jobs,
    keys,
    models,
    pages,
    usage,
)
from api.waiting import Subscriber
from shared.config import Settings
from shared.ids import JobId
from shared.jobs.lookups import find_ended

VERSION = "0.1.0"
_DESCRIPTION = (
    "Makes pictures from words. A job is accepted (202) when it is stored for good; follow it by "
    "`Prefer: wait`, by its events, or by reading it again. Errors are RFC 9457 problem details."
)
_ROUTED = (
    job_list,
    jobs,
    job_events,
    images,
    assets,
    models,
    usage,
    keys,
    admin,
    health,
    pages,
)
_SPARE_THREADS = 2  # for the health checks


def create_app() -> FastAPI:
    """Build the app from the environment."""
    return assemble(make_parts(Settings()))


def assemble(parts: Parts) -> FastAPI:
    """Build the app from parts; tests pass their own."""
    subscriber = _make_subscriber(parts)
    app = FastAPI(
        title="Atelier",
        version=VERSION,
        description=_DESCRIPTION,
        lifespan=_lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.parts = parts
    app.state.subscriber = subscriber
    add_error_handlers(app)
    for module in _ROUTED:
        app.include_router(module.router)
    app.mount("/static", pages.static_files())
    app.add_middleware(
        BodyLimit,
        max_body_bytes=parts.settings.max_body_bytes,
        larger={assets.PATH: parts.settings.max_upload_bytes},
    )
    app.add_middleware(RequestFrame)
    return app


def _make_subscriber(parts: Parts) -> Subscriber:
    async def find(job_ids: Collection[JobId]) -> set[JobId]:
        return await parts.in_transaction(lambda session: find_ended(session, list(job_ids)))

    return Subscriber(parts.cache, find, parts.settings.wait_poll_interval_s)


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncGenerator[None]:
    parts: Parts = app.state.parts
    limiter = anyio.to_thread.current_default_thread_limiter()
    limiter.total_tokens = (
        parts.settings.database_pool_size
        + STORE_SLOTS
        + PICTURE_SLOTS
        + FETCH_SLOTS
        + _SPARE_THREADS
    )
    async with app.state.subscriber.running():
        yield
    await parts.aclose()
