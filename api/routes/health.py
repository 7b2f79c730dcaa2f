"""`/healthz` and `/readyz`."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

import anyio
from fastapi import APIRouter
from starlette.responses import Response

from api.deps import PartsOf
from api.schemas.health import LiveView, PartView, ReadyView
from shared.jobs.lookups import list_workers

CHECK_TIMEOUT_S = 3
_log = logging.getLogger(__name__)

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def live() -> LiveView:
    """Say that the process answers; asks nothing else."""
    return LiveView(status="ok")


@router.get(
    "/readyz",
    response_model=ReadyView,
    responses={503: {"model": ReadyView, "description": "A part is down; it is named."}},
)
async def ready(parts: PartsOf) -> Response:
    """Say whether the database, the broker and the store answer."""
    lease_s = parts.settings.lease_s
    (database, workers), (broker, _), (store, _) = await asyncio.gather(
        _check(parts.in_transaction(lambda session: len(list_workers(session, lease_s)))),
        _check(_on_thread(parts.broker.ping)),
        _check(_on_thread(parts.store.check)),
    )
    is_ready = all(part.status == "ok" for part in (database, broker, store))
    view = ReadyView(
        status="ok" if is_ready else "down",
        database=database,
        broker=broker,
        store=store,
        workers_alive=workers,
    )
    return Response(
        view.model_dump_json(),
        status_code=HTTPStatus.OK if is_ready else HTTPStatus.SERVICE_UNAVAILABLE,
        media_type="application/json",
        headers={"Cache-Control": "no-store"},
    )


async def _check(asking: Awaitable[Any]) -> tuple[PartView, Any]:
    """Return how a part is, and what it answered."""
    try:
        async with asyncio.timeout(CHECK_TIMEOUT_S):
            answer = await asking
    except Exception as error:  # noqa: BLE001 - whatever it is, the part is down
        # its text may name hosts and passwords, which only the log may hold
        _log.warning("a part is down: %s", error)
        return PartView(status="down", detail=type(error).__name__), None
    return PartView(status="ok", detail=None), answer


async def _on_thread(ask: Callable[[], object]) -> None:
    # a part that hangs keeps its thread, not the answer
    await anyio.to_thread.run_sync(ask, abandon_on_cancel=True)
