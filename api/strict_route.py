"""A route that takes JSON alone, reads it strictly, and knows each of its query parameters."""

from collections.abc import Callable, Coroutine, Iterator
from typing import Any

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from api.problems import MALFORMED_JSON, UNSUPPORTED_MEDIA_TYPE, RequestRefused
from api.strict_json import MalformedJson, parse_strict_json
from shared.errors import FieldError, ValidationFailed

_MAX_NAMED = 20
Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class StrictRoute(APIRoute):
    """An `APIRoute` that refuses what others overlook.

    `openapi_extra["x-query-prefixes"]` names the query parameters that are families, as
    `metadata[order]` is of `metadata[`.
    """

    def get_route_handler(self) -> Handler:
        """Return the usual handler behind the checks."""
        handle = super().get_route_handler()
        names = set(_query_names(self.dependant))
        prefixes = tuple((self.openapi_extra or {}).get("x-query-prefixes", ()))
        takes_body = self.body_field is not None

        async def handle_strictly(request: Request) -> Response:
            _check_query(request, names, prefixes)
            if takes_body:
                request = await _read_json(request)
            return await handle(request)

        return handle_strictly


class _JsonRequest(Request):
    """A request whose body is parsed already."""

    parsed: object

    async def json(self) -> Any:  # noqa: ANN401 - as in the base class
        return self.parsed


async def _read_json(request: Request) -> Request:
    body = await request.body()
    if not body:
        return request  # validation says that the body is missing
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise RequestRefused(UNSUPPORTED_MEDIA_TYPE, "The body must be application/json.")
    strict = _JsonRequest(request.scope, _replay(body))
    try:
        strict.parsed = parse_strict_json(body)
    except MalformedJson as error:
        raise RequestRefused(MALFORMED_JSON, str(error)) from error
    return strict


def _replay(body: bytes) -> Callable[[], Coroutine[Any, Any, dict[str, Any]]]:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _check_query(request: Request, names: set[str], prefixes: tuple[str, ...]) -> None:
    given = request.query_params.keys()
    unknown = [
        name for name in given if name not in names and not name.startswith(prefixes or "\0")
    ]
    if unknown:
        raise ValidationFailed(
            [FieldError(f"/{name}", "unknown query parameter") for name in unknown[:_MAX_NAMED]]
        )


def _query_names(dependant: Dependant) -> Iterator[str]:
    for field in dependant.query_params:
        yield field.alias
    for inner in dependant.dependencies:
        yield from _query_names(inner)
