"""JSON as RFC 8259 means it: what parsers disagree about is refused, not guessed."""

import json
import re
from collections.abc import Sequence

MAX_NESTING = 32
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_MAX_INT_DIGITS = 40


class MalformedJson(Exception):
    """The bytes are not one JSON text that every parser would read alike."""


def parse_strict_json(body: bytes) -> object:
    """Return the value of a JSON text.

    Raises:
        MalformedJson: Not UTF-8, not JSON, a duplicate name, NaN or Infinity, a lone surrogate,
            a byte order mark, or nested deeper than `MAX_NESTING`.
    """
    try:
        value: object = json.loads(
            body.decode(),
            object_pairs_hook=_object_of_unique_names,
            parse_constant=_refuse_constant,
            parse_int=_parse_int,
        )
    except UnicodeDecodeError as error:
        raise MalformedJson("The body is not UTF-8.") from error
    except json.JSONDecodeError as error:
        message = f"{error.msg} at line {error.lineno}, column {error.colno}."
        raise MalformedJson(message) from error
    except RecursionError as error:
        raise MalformedJson(f"Nested deeper than {MAX_NESTING}.") from error
    _check_shape(value)
    return value


def _object_of_unique_names(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    unique = dict(pairs)
    if len(unique) != len(pairs):
        raise MalformedJson("An object names a member twice.")
    return unique


def _refuse_constant(name: str) -> object:
    raise MalformedJson(f"{name} is not JSON.")


def _parse_int(digits: str) -> int | float:
    # Python refuses integers of thousands of digits; as a float the field's own bound answers.
    return int(digits) if len(digits) <= _MAX_INT_DIGITS else float(digits)


def _check_shape(value: object) -> None:
    level, depth = [value], 0
    while level:
        inner: list[object] = []
        for one in level:
            if isinstance(one, str) and _LONE_SURROGATE.search(one):
                raise MalformedJson("A string holds half a surrogate pair.")
            if isinstance(one, dict | list) and depth == MAX_NESTING:
                raise MalformedJson(f"Nested deeper than {MAX_NESTING}.")
            if isinstance(one, dict):
                inner.extend(one)
                inner.extend(one.values())
            elif isinstance(one, list):
                inner.extend(one)
        level, depth = inner, depth + 1
