"""A picture sent from the store, fetched after the transaction has closed."""

from http import HTTPStatus

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.etag import is_unchanged
from api.parts import Parts
from shared.errors import NotFound
from shared.images.store import ObjectMissing

_MAX_AGE_S = 3600


class ImageResponse(Response):
    """Sends one object; a caller that has it already is told so without fetching it."""

    def __init__(
        self,
        parts: Parts,
        key: str,
        content_type: str,
        sha256: str,
        if_none_match: str | None,
    ) -> None:
        super().__init__()
        self._parts = parts
        self._key = key
        self._etag = f'"{sha256}"'
        self._if_none_match = if_none_match
        self._content_type = content_type

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; see the class.

        Raises:
            NotFound: The object was removed meanwhile.
        """
        headers = {
            "ETag": self._etag,
            "Cache-Control": f"private, max-age={_MAX_AGE_S}, immutable",
            # a tenant shows its pictures in pages of its own
            "Cross-Origin-Resource-Policy": "cross-origin",
        }
        if is_unchanged(self._etag, self._if_none_match):
            response = Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        else:
            try:
                body = await self._parts.at_store(lambda store: store.get(self._key))
            except ObjectMissing as error:
                raise NotFound("image") from error
            response = Response(body, headers=headers, media_type=self._content_type)
        await response(scope, receive, send)
