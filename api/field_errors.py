"""From what pydantic found to JSON pointers that a caller can follow."""

from collections.abc import Mapping, Sequence
from typing import Any, get_args

from shared.errors import FieldError
from shared.jobs.request_fields import PICTURE_TAGS
from shared.models.catalog import Task

_MAX_SHOWN = 20
_PARTS = {"body", "query", "path", "header"}
_TAGS = set(get_args(Task))
_UNION_TAG = {"union_tag_invalid", "union_tag_not_found"}


def list_field_errors(found: Sequence[Mapping[str, Any]]) -> list[FieldError]:
    """Return one fault per field that was refused; what was sent is never repeated."""
    return [FieldError(_pointer(one), _message(one)) for one in found[:_MAX_SHOWN]]


def _pointer(one: Mapping[str, Any]) -> str:
    steps = list(one["loc"])
    if steps and steps[0] in _PARTS:
        steps = steps[1:]
    if steps and steps[0] in _TAGS:
        steps = steps[1:]  # the union's tag is in pydantic's path and not in the body
    if steps and steps[0] != "metadata":  # whose names are the caller's
        steps = [step for step in steps if step not in PICTURE_TAGS]
    if one["type"] in _UNION_TAG:
        steps.append(str(one["ctx"]["discriminator"]).strip("'"))
    if steps and steps[-1] == "[key]":
        steps.pop()
    return "".join(f"/{_escape(str(step))}" for step in steps)


def _escape(step: str) -> str:
    # RFC 6901; the reader of a name that cannot be shown gets it replaced
    printable = step.encode("utf-8", "replace").decode()
    return printable.replace("~", "~0").replace("/", "~1")


def _message(one: Mapping[str, Any]) -> str:
    kind = one["type"]
    if kind == "extra_forbidden":
        return "unknown field"
    if kind in _UNION_TAG:
        return f"must be one of: {', '.join(sorted(_TAGS))}"
    text = str(one["msg"])
    return text.removeprefix("Value error, ").removeprefix("Input ")
