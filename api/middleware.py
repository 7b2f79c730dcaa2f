"""Pure ASGI layers around the app: a name for every request, a limit for every body."""

import logging
import re
import secrets
from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import (
    INTERNAL,
    PAYLOAD_TOO_LARGE,
    UNSUPPORTED_MEDIA_TYPE,
    RequestRefused,
    problem_response,
)

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
_SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
_log = logging.getLogger(__name__)


class RequestFrame:
    """Name every request, dress every answer, and turn the unexpected into a problem."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; see the class."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        has_started = False

        async def send_dressed(message: Message) -> None:
            nonlocal has_started
            if message["type"] == "http.response.start":
                has_started = True
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                for name, value in _SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
                headers.update(scope.get("state", {}).get("answer_headers", {}))
            await send(message)

        try:
            await self._app(scope, receive, send_dressed)
        except ClientDisconnect:
            return  # nobody is left to answer
        except Exception:
            _log.exception("request %s failed", request_id)
            if has_started:
                raise
            detail = f"Unexpected failure. The log knows it as {request_id}."
            response = problem_response(INTERNAL, detail, scope["path"])
            await response(scope, receive, send_dressed)


class BodyLimit:
    """Refuse bodies that are too large, declared or not, and bodies that are encoded.

    `larger` names the paths whose bodies may have another size.
    """

    def __init__(self, app: ASGIApp, max_body_bytes: int, larger: Mapping[str, int]) -> None:
        self._app = app
        self._max_body_bytes = max_body_bytes
        self._larger = larger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; see the class."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        received_bytes = 0
        max_bytes = self._larger.get(scope["path"], self._max_body_bytes)

        async def receive_counted() -> Message:
            nonlocal received_bytes
            message = await receive()
            received_bytes += len(message.get("body", b""))
            _check_size(received_bytes, max_bytes)
            return message

        try:
            _check_head(Headers(scope=scope), max_bytes)
        except RequestRefused as refusal:
            response = problem_response(refusal.problem, refusal.detail, scope["path"])
            await response(scope, receive, send)
        else:
            await self._app(scope, receive_counted, send)


def _check_head(headers: Headers, max_bytes: int) -> None:
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise RequestRefused(UNSUPPORTED_MEDIA_TYPE, "Send the body without Content-Encoding.")
    declared = headers.get("content-length", "")
    if declared.isdecimal():
        _check_size(int(declared[:20]), max_bytes)


def _check_size(size_bytes: int, max_bytes: int) -> None:
    if size_bytes > max_bytes:
        raise RequestRefused(PAYLOAD_TOO_LARGE, f"This body has at most {max_bytes:,} bytes.")


def _request_id(scope: Scope) -> str:
    presented = Headers(scope=scope).get("x-request-id", "")
    if _REQUEST_ID.fullmatch(presented):
        return presented
    return f"req_{secrets.token_hex(16)}"
