"""Work that ends when its caller hangs up."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from starlette.types import Receive


async def run_until_hang_up(receive: Receive, work: Coroutine[Any, Any, None]) -> bool:
    """Run `work`, or stop it where the caller disconnects; returns whether it was finished."""
    working = asyncio.ensure_future(work)
    hanging_up = asyncio.ensure_future(_hang_up(receive))
    try:
        await asyncio.wait({working, hanging_up}, return_when=asyncio.FIRST_COMPLETED)
        is_finished = working.done()
    finally:
        for task in (working, hanging_up):
            task.cancel()
        await asyncio.wait({working, hanging_up})
    if is_finished:
        working.result()
    return is_finished


async def _hang_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
