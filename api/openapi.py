"""What OpenAPI says beyond the types: the problems a route answers with, an example of each."""

from typing import Any

from api.errors import list_problems

PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "title": "Problem",
    "description": "RFC 9457 problem details.",
    "required": ["type", "title", "status", "detail", "instance"],
    "properties": {
        "type": {"type": "string", "description": "Address of a page about this kind of problem."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What happened here, and what to do."},
        "instance": {"type": "string", "description": "Path of the request."},
        "errors": {
            "type": "array",
            "description": "The fields at fault.",
            "items": {
                "type": "object",
                "required": ["pointer", "message"],
                "properties": {
                    "pointer": {"type": "string", "description": "JSON pointer (RFC 6901)."},
                    "message": {"type": "string"},
                },
            },
        },
    },
}
Responses = dict[int | str, dict[str, Any]]

_ALWAYS = ("validation", "unavailable")  # an unknown query parameter is refused everywhere
_WITH_KEY = ("unauthorized", "forbidden", "tenant-suspended", "rate-limited")
_EXAMPLE_FIELDS = [{"pointer": "/width", "message": "should be a valid integer"}]
_WITH_FIELDS = {"validation", "unknown-model", "unsupported-parameter"}


def describe_problems(*slugs: str, has_key: bool = True) -> Responses:
    """Return FastAPI's `responses` for the problems of a route, grouped by status."""
    problems = list_problems()
    described: Responses = {}
    for slug in dict.fromkeys((*slugs, *_ALWAYS, *(_WITH_KEY if has_key else ()))):
        problem = problems[slug]
        described.setdefault(
            problem.http_status,
            {
                "description": problem.title,
                "content": {"application/problem+json": {"schema": PROBLEM_SCHEMA, "examples": {}}},
            },
        )
        example: dict[str, Any] = {
            "type": f"/problems/{slug}",
            "title": problem.title,
            "status": problem.http_status,
            "detail": "What happened here, and what to do.",
            "instance": "/v1/jobs",
        }
        if slug in _WITH_FIELDS:
            example["errors"] = _EXAMPLE_FIELDS
        content = described[problem.http_status]["content"]["application/problem+json"]
        content["examples"][slug] = {"summary": problem.title, "value": example}
    return described
