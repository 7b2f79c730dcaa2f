"""An answer that is not ready yet, awaited after the transaction has closed."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.hang_up import run_until_hang_up


class HeldResponse(Response):
    """Waits, then makes the real response; gives up when the caller hangs up.

    A handler returns it while its transaction is open; the server calls it after that has
    closed, so that the wait holds no connection and no thread, and a failed commit is told first.
    """

    def __init__(
        self,
        wait: Callable[[], Coroutine[Any, Any, None]],
        finish: Callable[[], Awaitable[Response]],
    ) -> None:
        super().__init__()
        self._wait = wait
        self._finish = finish

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; see the class."""
        if await run_until_hang_up(receive, self._wait()):
            response = await self._finish()
            await response(scope, receive, send)
