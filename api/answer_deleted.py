"""The answer to a deletion: objects go after the commit, before the caller is told."""

import logging
from http import HTTPStatus

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.parts import Parts
from shared.images.store import StoreError

_log = logging.getLogger(__name__)


class DeletedResponse(Response):
    """Removes the objects below a prefix, then says 204. What is left, the sweep removes."""

    def __init__(self, parts: Parts, prefix: str) -> None:
        super().__init__(status_code=HTTPStatus.NO_CONTENT)
        self._parts = parts
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; see the class."""
        try:
            await self._parts.at_store(lambda store: store.delete_prefix(self._prefix))
        except StoreError as error:
            _log.warning("objects of a deleted job stay until the sweep: %s", error)
        await super().__call__(scope, receive, send)
