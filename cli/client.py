"""HTTP calls to the running service, their failures as one plain sentence."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from cli.errors import CommandError
from cli.read_settings import find_home
from cli.up_file import UP_FILE

CONNECT_TIMEOUT_S = 5
TIMEOUT_S = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """Where the service answers, and the key to show it."""

    url: str
    key: str = field(repr=False)

    def open(self) -> httpx.Client:
        """Return a client that shows the key."""
        return httpx.Client(
            base_url=self.url,
            headers={"Authorization": f"Bearer {self.key}"},
            timeout=httpx.Timeout(TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
        )


def find_server(url: str | None, key: str | None, home: Path | None) -> Server:
    """Return the service named on the command line, or else the one that `up` runs.

    Raises:
        CommandError: there is none, or its key is not known.
    """
    if url is not None and key is not None:
        return Server(url=url.rstrip("/"), key=key)
    up_file = find_home(home) / UP_FILE
    try:
        up = json.loads(up_file.read_text())
        found = Server(url=up["url"], key=key or up["api_key"])
    except (OSError, ValueError, KeyError):
        if url is not None:
            raise CommandError("give --key too: the key of the service at --url") from None
        msg = (
            f"no service runs here ({up_file} is not there). Start one with `atelier up`, "
            "or name one with --url and --key"
        )
        raise CommandError(msg) from None
    if url is not None and url.rstrip("/") != found.url:
        raise CommandError("give --key too: the key at hand belongs to another service")
    return found


def ask(
    client: httpx.Client,
    method: str,
    path: str,
    body: object = None,
    headers: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Make one call and return its JSON.

    Raises:
        CommandError: no answer came, or it is an error.
    """
    try:
        answer = client.request(method, path, json=body, headers=headers)
    except httpx.TransportError as error:
        raise CommandError(describe_silence(client, error)) from None
    if answer.is_error:
        raise CommandError(describe_problem(answer))
    view: dict[str, Any] = answer.json()
    return view


def describe_silence(client: httpx.Client, error: httpx.TransportError) -> str:
    """Say that nobody answers."""
    return f"the service at {client.base_url} does not answer ({error}). Does `atelier up` run?"


def describe_problem(answer: httpx.Response) -> str:
    """Say what an answer of status 400 and above complains about."""
    try:
        problem = answer.json()
        lines = [f"{problem['title']} ({answer.status_code}). {problem.get('detail', '')}".strip()]
        lines += [f"  {one['pointer']}: {one['message']}" for one in problem.get("errors") or ()]
        return "\n".join(lines)
    except (ValueError, KeyError, TypeError, AttributeError):
        return f"the service answered {answer.status_code}: {answer.text[:200]}"
