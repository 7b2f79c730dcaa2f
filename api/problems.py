"""Problem details (RFC 9457): the kinds this API answers with, and how one is rendered."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.responses import Response

from shared.errors import FieldError


@dataclass(frozen=True, slots=True)
class ProblemType:
    """One kind of problem; `slug` ends its address, which serves `explanation` as a page."""

    slug: str
    title: str
    http_status: int
    explanation: str


class RequestRefused(Exception):
    """The edge refuses a request before any operation is called."""

    def __init__(
        self, problem: ProblemType, detail: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.problem = problem
        self.detail = detail
        self.headers = dict(headers or {})


NO_SUCH_PATH = ProblemType(
    "not-found",
    "Nothing here",
    404,
    "There is nothing at this address, or nothing that this key's tenant owns. Another tenant's "
    "resource looks the same as one that never was. Check the path and the id.",
)
METHOD_NOT_ALLOWED = ProblemType(
    "method-not-allowed",
    "The address does not take this method",
    405,
    "The header Allow of the answer lists the methods that this address takes.",
)
PAYLOAD_TOO_LARGE = ProblemType(
    "payload-too-large",
    "The body is too large",
    413,
    "A request body has a limit, which `detail` names. Send less.",
)
UNSUPPORTED_MEDIA_TYPE = ProblemType(
    "unsupported-media-type",
    "The body is of another type",
    415,
    "Send `Content-Type: application/json`, in UTF-8, and a picture to upload as "
    "`multipart/form-data`; neither with a Content-Encoding.",
)
MALFORMED_JSON = ProblemType(
    "malformed-json",
    "The body is not JSON",
    400,
    "The body must be one JSON text (RFC 8259) in UTF-8 with no byte order mark, no member named "
    "twice, no NaN or Infinity, no lone surrogate, and nested at most 32 deep.",
)
BAD_REQUEST = ProblemType(
    "bad-request", "The request cannot be read", 400, "The request is not well-formed HTTP."
)
INTERNAL = ProblemType(
    "internal",
    "The service failed",
    500,
    "Something broke that should not. The log holds the cause under the answer's X-Request-Id; "
    "send it along when you report this. A repeat with the same Idempotency-Key is safe.",
)

EDGE_PROBLEMS = (
    NO_SUCH_PATH,
    METHOD_NOT_ALLOWED,
    PAYLOAD_TOO_LARGE,
    UNSUPPORTED_MEDIA_TYPE,
    MALFORMED_JSON,
    BAD_REQUEST,
    INTERNAL,
)


def problem_response(
    problem: ProblemType,
    detail: str,
    instance: str,
    *,
    fields: Sequence[FieldError] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Render one problem; `instance` is the path of the request."""
    body: dict[str, object] = {
        "type": f"/problems/{problem.slug}",
        "title": problem.title,
        "status": problem.http_status,
        "detail": detail,
        "instance": instance,
    }
    if fields:
        body["errors"] = [{"pointer": one.pointer, "message": one.message} for one in fields]
    return Response(
        json.dumps(body),  # ASCII: a path may hold what UTF-8 cannot
        status_code=problem.http_status,
        headers={"Cache-Control": "no-store", **(headers or {})},
        media_type="application/problem+json",
    )
