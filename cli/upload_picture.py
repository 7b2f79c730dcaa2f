"""A picture sent to the service, for requests to name."""

import httpx

from cli.client import describe_problem, describe_silence
from cli.errors import CommandError


def upload_picture(client: httpx.Client, name: str, data: bytes) -> str:
    """Upload a file; returns the id of its asset.

    Raises:
        CommandError: the service does not take it.
    """
    try:
        answer = client.post("/v1/assets", files={"file": (name, data)})
    except httpx.TransportError as error:
        raise CommandError(describe_silence(client, error)) from None
    if answer.is_error:
        raise CommandError(describe_problem(answer))
    asset_id: str = answer.json()["id"]
    return asset_id
