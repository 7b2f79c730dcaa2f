"""What a call says of whether it was made before."""

import re
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Request

from shared.errors import IdempotencyKeyInvalid

MAX_IDEMPOTENCY_KEY = 255
_PRINTABLE = re.compile(rf"[\x20-\x7e]{{1,{MAX_IDEMPOTENCY_KEY}}}")
_COUNT = re.compile(r"[0-9]{1,4}")


@dataclass(frozen=True, slots=True)
class Intent:
    """One wish, by the client's name for it or by what its library counts.

    Attributes:
        route: Where it came in: the same body means another thing elsewhere.
        retry_count: How often the library has repeated the call blindly.
    """

    idempotency_key: str | None
    route: str
    retry_count: int


def read_intent(
    request: Request,
    idempotency_key: Annotated[
        str | None,
        Header(description="Your name for this intent: repeating it returns the first job."),
    ] = None,
    retry_count: Annotated[
        str,
        Header(
            alias="X-Stainless-Retry-Count",
            description="Set by client libraries that repeat a call whose answer they lost: such a"
            " repetition finds the job of the first call, for 15 minutes.",
        ),
    ] = "",
) -> Intent:
    """Read the headers; a count that is none counts nothing.

    Raises:
        IdempotencyKeyInvalid: The key is empty, too long or not printable.
    """
    if idempotency_key is not None and not _PRINTABLE.fullmatch(idempotency_key):
        raise IdempotencyKeyInvalid(MAX_IDEMPOTENCY_KEY)
    count = int(retry_count) if _COUNT.fullmatch(retry_count) else 0
    return Intent(idempotency_key, request.url.path, count)


IntentOf = Annotated[Intent, Depends(read_intent)]
