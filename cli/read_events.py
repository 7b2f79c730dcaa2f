"""Server-sent events of one job, followed over lost connections."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx

from cli.client import describe_problem, describe_silence
from cli.errors import CommandError

MAX_RECONNECTS = 20
RECONNECT_DELAY_S = 1.0
# the service says something every 15 s
SILENCE_TIMEOUT_S = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event; `kind` is `status`, `progress`, `preview` or `done`."""

    id: str | None
    kind: str
    data: dict[str, Any]


def read_events(client: httpx.Client, job_id: str) -> Iterator[Event]:
    """Yield the events of a job up to `done`, which holds the whole job.

    Raises:
        CommandError: the service refuses, or stays away.
    """
    last_id: str | None = None
    for _ in range(MAX_RECONNECTS):
        headers = {"Last-Event-ID": last_id} if last_id else {}
        try:
            with client.stream(
                "GET", f"/v1/jobs/{job_id}/events", headers=headers, timeout=SILENCE_TIMEOUT_S
            ) as answer:
                if answer.is_error:
                    answer.read()
                    raise CommandError(describe_problem(answer))
                for event in _parse(answer.iter_lines()):
                    last_id = event.id or last_id
                    yield event
                    if event.kind == "done":
                        return
        except httpx.TransportError as error:
            silence = describe_silence(client, error)
        else:
            silence = "the service ended the event stream early"
        time.sleep(RECONNECT_DELAY_S)
    raise CommandError(silence)


def _parse(lines: Iterator[str]) -> Iterator[Event]:
    event_id, kind, data = None, "message", ""
    for line in lines:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "id":
            event_id = value
        elif name == "event":
            kind = value
        elif name == "data":
            data += value
        elif not line and data:
            yield Event(id=event_id, kind=kind, data=json.loads(data))
            event_id, kind, data = None, "message", ""
