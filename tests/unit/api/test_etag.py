"""If-None-Match, as RFC 9110 compares weak tags."""

import pytest

from api.etag import is_unchanged


@pytest.mark.parametrize(
    ("if_none_match", "expected"),
    [
        ('W/"a"', True),
        ('"a"', True),
        ('"b", W/"a"', True),
        ("*", True),
        ('"b"', False),
        ("a", False),
        ("", False),
        (None, False),
    ],
)
def test_is_unchanged(if_none_match: str | None, *, expected: bool) -> None:
    assert is_unchanged('W/"a"', if_none_match) is expected
