"""The file of one picture."""

from collections.abc import Mapping
from typing import Any

import httpx

from cli.client import describe_problem, describe_silence
from cli.errors import CommandError


def fetch_image(client: httpx.Client, image: Mapping[str, Any]) -> bytes:
    """Return the bytes of a picture that a job's view shows.

    Raises:
        CommandError: it does not come.
    """
    try:
        # the link needs no key, and may lead to a store that must not see it
        answer = httpx.get(image["url"], timeout=client.timeout, follow_redirects=True)
    except httpx.TransportError as error:
        raise CommandError(describe_silence(client, error)) from None
    if answer.is_error:
        raise CommandError(describe_problem(answer))
    return answer.content
