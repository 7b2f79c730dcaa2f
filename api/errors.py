"""Which HTTP answer each error becomes. The only place that knows both."""

import logging
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match

from api.field_errors import list_field_errors
from api.problems import (
    BAD_REQUEST,
    EDGE_PROBLEMS,
    METHOD_NOT_ALLOWED,
    NO_SUCH_PATH,
    ProblemType,
    RequestRefused,
    problem_response,
)
from shared import errors
from shared.images.store import StoreError

RETRY_AFTER_S = 2

HTTP_STATUS: dict[type[errors.DomainError], int] = {
    errors.NotFound: 404,
    errors.Unauthorized: 401,
    errors.TenantSuspended: 403,
    errors.Forbidden: 403,
    errors.RateLimited: 429,
    errors.QuotaExceeded: 429,
    errors.ScopeNotHeld: 403,
    errors.NameTaken: 409,
    errors.ValidationFailed: 422,
    errors.UnknownModel: 422,
    errors.UnsupportedParameter: 422,
    errors.InputNotFound: 422,
    errors.PictureUnreachable: 422,
    errors.InvalidImage: 422,
    errors.UnsupportedImage: 422,
    errors.ImageTooLarge: 422,
    errors.AssetInUse: 409,
    errors.InvalidCursor: 400,
    errors.IdempotencyKeyInvalid: 400,
    errors.IdempotencyKeyReused: 422,
    errors.JobEnded: 409,
    errors.InvalidTransition: 409,
    errors.LeaseLost: 409,
    errors.LinkInvalid: 403,
    errors.LinkExpired: 410,
    errors.Unavailable: 503,
}
_HEADERS: dict[type[errors.DomainError], dict[str, str]] = {
    errors.Unauthorized: {"WWW-Authenticate": 'Bearer realm="atelier"'},
    errors.Unavailable: {"Retry-After": str(RETRY_AFTER_S)},
}
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_log = logging.getLogger(__name__)


def problem_of(error: type[errors.DomainError]) -> ProblemType:
    """Return the kind of problem that a domain error is shown as."""
    explanation = (error.__doc__ or "").strip()
    return ProblemType(error.code, error.title, HTTP_STATUS[error], explanation)


def list_problems() -> dict[str, ProblemType]:
    """Return every kind of problem this API answers with, by slug."""
    domain = (problem_of(error) for error in HTTP_STATUS)
    return {problem.slug: problem for problem in (*domain, *EDGE_PROBLEMS)}


def add_error_handlers(app: FastAPI) -> None:
    """Render every error a handler or the router raises as a problem."""
    app.add_exception_handler(errors.DomainError, _render_domain)
    app.add_exception_handler(RequestRefused, _render_refusal)
    app.add_exception_handler(RequestValidationError, _render_validation)
    app.add_exception_handler(HTTPException, _render_http)
    for outage in (OperationalError, InterfaceError, PoolTimeout):
        app.add_exception_handler(outage, _render_database_outage)
    app.add_exception_handler(StoreError, _render_store_outage)


async def _render_domain(request: Request, error: Exception) -> Response:
    assert isinstance(error, errors.DomainError)  # noqa: S101 - as registered above
    return problem_response(
        problem_of(type(error)),
        str(error),
        request.url.path,
        fields=getattr(error, "fields", ()),
        headers=_HEADERS.get(type(error)) or getattr(error, "headers", None),
    )


async def _render_refusal(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestRefused)  # noqa: S101 - as registered above
    return problem_response(error.problem, error.detail, request.url.path, headers=error.headers)


async def _render_validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as registered above
    return await _render_domain(request, errors.ValidationFailed(list_field_errors(error.errors())))


async def _render_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - as registered above
    path = request.url.path
    if error.status_code == HTTPStatus.NOT_FOUND:
        return problem_response(NO_SUCH_PATH, "This API has no such path.", path)
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        detail = f"{request.method} is not among the methods of this path."
        return problem_response(
            METHOD_NOT_ALLOWED, detail, path, headers={"Allow": ", ".join(_methods_of(request))}
        )
    return problem_response(BAD_REQUEST, str(error.detail), path, headers=error.headers)


def _methods_of(request: Request) -> list[str]:
    """Return every method of the path; the router names those of one route alone."""
    return [
        method
        for method in _METHODS
        if any(
            route.matches({**request.scope, "method": method})[0] is Match.FULL
            for route in request.app.routes
        )
    ]


async def _render_database_outage(request: Request, error: Exception) -> Response:
    _log.warning("database unavailable: %s", error)
    return await _render_domain(request, errors.Unavailable("database"))


async def _render_store_outage(request: Request, error: Exception) -> Response:
    _log.warning("store unavailable: %s", error)
    return await _render_domain(request, errors.Unavailable("store"))
