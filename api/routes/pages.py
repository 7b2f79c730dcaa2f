"""What a person reads: the page at `/`, the API's reference, and one page per kind of problem."""

import html
from http import HTTPStatus
from pathlib import Path

from fastapi import APIRouter
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

from api.errors import list_problems
from api.strict_route import StrictRoute
from shared.errors import NotFound

_STUDIO = Path(__file__).parents[1] / "studio"
# pictures may come from a store of another origin as links; scripts and styles never do
_CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' blob: data:; font-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)

router = APIRouter(include_in_schema=False, route_class=StrictRoute)


def static_files() -> StaticFiles:
    """Return the scripts and styles of the pages."""
    return StaticFiles(directory=_STUDIO / "static")


@router.get("/")
def studio() -> HTMLResponse:
    """Show the last pictures and a place to ask for more."""
    return _page(_template("studio"))


@router.get("/docs")
def reference() -> HTMLResponse:
    """Show the API's reference, drawn in the browser from `/openapi.json`, with no network."""
    return _page(_template("docs"))


@router.get("/problems/{slug}")
def problem(slug: str) -> HTMLResponse:
    """Explain one kind of problem.

    Raises:
        NotFound: There is no such kind.
    """
    found = list_problems().get(slug)
    if found is None:
        raise NotFound("kind of problem")
    status = HTTPStatus(found.http_status)
    page = _template("problem")
    for name, text in {
        "slug": found.slug,
        "title": found.title,
        "status": f"{status.value} {status.phrase}",
        "explanation": found.explanation,
    }.items():
        page = page.replace(f"[[{name}]]", html.escape(text))
    return _page(page)


def _template(name: str) -> str:
    return (_STUDIO / "templates" / f"{name}.html").read_text(encoding="utf-8")


def _page(content: str) -> HTMLResponse:
    return HTMLResponse(
        content,
        headers={
            "Content-Security-Policy": _CONTENT_SECURITY_POLICY,
            "Cache-Control": "no-cache",
        },
    )
