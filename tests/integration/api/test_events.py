"""A job's events: their order, their end, and resuming in another API process."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from api import feed
from cli.embedded.process import find_free_port
from shared.config import Settings
from shared.events.stream import JobEvent
from shared.ids import JobId
from shared.redis_client import make_redis
from tests.integration.api.conftest import BODY, Hand, Keys, bearer
from tests.servers import child_environment

Event = tuple[str, Any, str | None]


def read_events(answer: httpx.Response) -> Iterator[Event]:
    """Yield (type, data, id) of each event as it comes; the end of the stream ends it."""
    fields: dict[str, str] = {}
    for line in answer.iter_lines():
        assert not line.startswith(":"), "nothing was told for as long as a heartbeat takes"
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif "event" in fields:
            yield fields["event"], json.loads(fields["data"]), fields.get("id")
            fields = {}


@contextmanager
def following(
    api: httpx.Client, job_id: str, after: str | None = None
) -> Iterator[Iterator[Event]]:
    headers = {"Last-Event-ID": after} if after else {}
    with api.stream("GET", f"/v1/jobs/{job_id}/events", headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield read_events(answer)


def submit(api: httpx.Client) -> JobId:
    return JobId(api.post("/v1/jobs", json=BODY).json()["id"])


def test_a_stream_tells_the_whole_life(api: httpx.Client, hand: Hand) -> None:
    job_id = submit(api)
    with following(api, job_id) as events:
        kind, data, _ = next(events)
        assert (kind, data["status"], data["queue"]["position"]) == ("status", "queued", 1)
        [job] = hand.claim()
        hand.tell(job_id, JobEvent.STATUS, status="running")
        hand.tell(job_id, JobEvent.PROGRESS, step=1, steps=12, fraction=1 / 12)
        hand.tell(job_id, JobEvent.PREVIEW, image="UklGRg", content_type="image/webp")
        hand.finish(job)
        told = list(events)
    assert [one[0] for one in told] == ["status", "progress", "preview", "done"]
    assert told[1][1] == {"step": 1, "steps": 12, "fraction": 1 / 12}
    assert told[-1][1]["status"] == "succeeded"
    assert told[-1][1]["images"][0]["url"]
    ids = [one[2] for one in told]
    assert len(set(ids)) == 4
    assert None not in ids


def test_a_job_that_has_ended_says_so_at_once(api: httpx.Client, hand: Hand) -> None:
    job_id = submit(api)
    hand.tell(job_id, JobEvent.PROGRESS, step=12, steps=12, fraction=1)
    hand.run_one()
    with following(api, job_id) as events:
        told = list(events)
    assert [one[0] for one in told] == ["status", "progress", "done"]
    assert told[0][1]["status"] == "succeeded"
    canceled = submit(api)
    api.post(f"/v1/jobs/{canceled}/cancel")
    with following(api, canceled) as events:
        assert [one[0] for one in events] == ["status", "done"]


def test_an_end_without_its_event_is_told_from_the_row(api: httpx.Client, hand: Hand) -> None:
    job_id = submit(api)
    [job] = hand.claim()
    hand.finish(job, is_told=False)
    with following(api, job_id, "1-0") as events:
        assert [one[0] for one in events] == ["status", "done"]


def test_a_deleted_job_ends_its_stream(api: httpx.Client) -> None:
    job_id = submit(api)
    with following(api, job_id) as events:
        next(events)
        api.delete(f"/v1/jobs/{job_id}")
        assert [(kind, data["deleted"]) for kind, data, _ in events] == [("done", True)]


@pytest.mark.parametrize("after", ["nonsense", "1", "-", "9" * 40 + "-0", "0-0; x"])
def test_an_unreadable_last_event_id_starts_anew(api: httpx.Client, hand: Hand, after: str) -> None:
    job_id = submit(api)
    hand.tell(job_id, JobEvent.PROGRESS, step=1, steps=12, fraction=0.1)
    hand.run_one()
    with following(api, job_id, after) as events:
        assert [one[0] for one in events] == ["status", "progress", "done"]


def test_a_reader_too_slow_for_its_feed_loses_nothing(
    api: httpx.Client, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What does not fit into the feed is read from the stream, in order, once."""
    monkeypatch.setattr(feed, "MAX_PENDING", 0)
    job_id = submit(api)
    with following(api, job_id) as events:
        next(events)
        for step in range(50):
            hand.tell(job_id, JobEvent.PROGRESS, step=step, steps=50, fraction=step / 50)
        hand.run_one()
        steps = [data["step"] for kind, data, _ in events if kind == "progress"]
    assert steps == list(range(50))


def test_what_is_said_while_the_subscriber_reconnects_is_not_lost(
    api: httpx.Client, hand: Hand, settings: Settings
) -> None:
    assert settings.cache_url is not None
    cache = make_redis(settings.cache_url.get_secret_value(), 1)
    job_id = submit(api)
    with following(api, job_id) as events:
        next(events)
        hand.tell(job_id, JobEvent.PROGRESS, step=0, steps=12, fraction=0)
        next(events)  # the past is read; from here on it listens
        assert cache.client_kill_filter(_type="pubsub") >= 1
        hand.tell(job_id, JobEvent.PROGRESS, step=1, steps=12, fraction=1 / 12)
        kind, data, _ = next(events)
        assert (kind, data["step"]) == ("progress", 1)
        hand.run_one()
        assert [one[0] for one in events] == ["done"]


def test_a_stream_ends_though_redis_is_away(
    api: httpx.Client, hand: Hand, redis_away: Callable[[], None]
) -> None:
    job_id = submit(api)
    [job] = hand.claim()
    with following(api, job_id) as events:
        next(events)
        redis_away()
        hand.finish(job, is_told=False)
        told = list(events)
    assert [(kind, data["status"]) for kind, data, _ in told] == [("done", "succeeded")]

    second = submit(api)
    threading.Timer(0.5, lambda: hand.finish(hand.claim()[0], is_told=False)).start()
    with following(api, second) as events:
        assert [one[0] for one in events] == ["status", "done"]


@contextmanager
def api_process(settings: Settings) -> Iterator[str]:
    """Yield the address of an API in a process of its own."""
    port = find_free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "--factory", "api.app:create_app", f"--port={port}"],
        env=child_environment(settings),
    )
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                httpx.get(f"{url}/healthz")
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=20)


def test_a_stream_resumes_in_another_process(settings: Settings, keys: Keys, hand: Hand) -> None:
    with api_process(settings) as one, api_process(settings) as two:
        first = httpx.Client(base_url=one, headers=bearer(keys.first), timeout=20)
        second = httpx.Client(base_url=two, headers=bearer(keys.first), timeout=20)
        job_id = submit(first)
        [job] = hand.claim()
        with following(first, job_id) as events:
            next(events)
            for step in range(1, 4):
                hand.tell(job_id, JobEvent.PROGRESS, step=step, steps=12, fraction=step / 12)
            seen = [next(events) for _ in range(2)]
        hand.tell(job_id, JobEvent.PROGRESS, step=4, steps=12, fraction=4 / 12)
        with following(second, job_id, seen[-1][2]) as events:
            missed = [next(events) for _ in range(2)]
            hand.tell(job_id, JobEvent.PROGRESS, step=5, steps=12, fraction=5 / 12)
            live = next(events)
            hand.finish(job)
            last = list(events)
        first.close()
        second.close()
    steps = [data["step"] for _, data, _ in [*seen, *missed, live]]
    assert steps == [1, 2, 3, 4, 5]
    assert [one[0] for one in last] == ["done"]
