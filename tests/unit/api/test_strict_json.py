"""Strict JSON: whatever a JSON writer wrote is read back; what parsers disagree about is not."""

import contextlib
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.strict_json import MAX_NESTING, MalformedJson, parse_strict_json

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
SCALARS = st.none() | st.booleans() | st.integers(-(10**30), 10**30) | TEXT
VALUES = st.recursive(
    SCALARS | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES, st.booleans())
def test_what_was_written_is_read(value: object, is_ascii: bool) -> None:
    text = json.dumps(value, ensure_ascii=is_ascii)
    assert parse_strict_json(text.encode()) == value


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    with contextlib.suppress(MalformedJson):
        parse_strict_json(body)


def test_nesting_ends_at_its_limit() -> None:
    def nested(depth: int) -> bytes:
        return b"[" * depth + b"]" * depth

    parse_strict_json(nested(MAX_NESTING))
    with pytest.raises(MalformedJson):
        parse_strict_json(nested(MAX_NESTING + 1))


def test_a_number_of_thousands_of_digits_is_no_crash() -> None:
    value = parse_strict_json(b"-" + b"9" * 10_000)
    assert isinstance(value, float)
    assert math.isinf(value)
