"""The Prefer header, as RFC 7240 writes it."""

import pytest

from api.prefer import find_wait_s


@pytest.mark.parametrize(
    ("prefer", "wait_s"),
    [
        ("wait=10", 10),
        ("Wait=10", 10),
        (' wait = "10" ', 10),
        ("respond-async, wait=10", 10),
        ("wait=10; x=y, handling=lenient", 10),
        ("wait=1", 1),
        ("wait=60", 60),
        ("wait=61", 60),
        ("wait=999999", 60),
        ("wait=5, wait=7", 5),
        (None, None),
        ("", None),
        ("wait", None),
        ("wait=0", None),
        ("wait=-5", None),
        ("wait=1.5", None),
        ("wait=ten", None),
        ("await=10", None),
        ("wait=1000000000000", None),
    ],
)
def test_find_wait_s(prefer: str | None, wait_s: int | None) -> None:
    assert find_wait_s(prefer) == wait_s
