"""Opaque places in lists that are ordered by id."""

import base64
import binascii

from shared.errors import InvalidCursor
from shared.ids import is_well_formed


def make_cursor(last_id: str) -> str:
    """Return the cursor of the page after the one that ends with `last_id`."""
    return base64.urlsafe_b64encode(last_id.encode()).decode().rstrip("=")


def read_cursor(cursor: str, prefix: str) -> str:
    """Return the id that a page of this kind ended with.

    Raises:
        InvalidCursor: No such page gave it.
    """
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except (binascii.Error, ValueError) as error:
        raise InvalidCursor from error
    if not is_well_formed(text, prefix):
        raise InvalidCursor
    return text
