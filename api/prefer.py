"""The Prefer header (RFC 7240), of which this API honours `wait`."""

import re

MIN_WAIT_S = 1
MAX_WAIT_S = 60
_WAIT = re.compile(r'\s*wait\s*=\s*(?:"(\d{1,6})"|(\d{1,6}))\s*(?:;.*)?', re.IGNORECASE)


def find_wait_s(prefer: str | None) -> int | None:
    """Return how long the caller wants to wait, within bounds, or None if it does not.

    A preference that cannot be read is ignored, as the RFC asks.
    """
    for preference in (prefer or "").split(","):
        match = _WAIT.fullmatch(preference)
        if match is not None:
            asked_s = int(match[1] or match[2])
            return min(max(asked_s, MIN_WAIT_S), MAX_WAIT_S) if asked_s else None
    return None
