"""What a stream is told while Redis comes and goes."""

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import redis

from shared.events.stream import JobEvent, make_job_stream, stream_key
from shared.ids import new_job_id
from tests.integration.worker.conftest import eventually
from tests.servers import RunningRedis, make_settings, run_redis, server_folder
from worker.publish_events import Publisher


@pytest.fixture
def own_redis() -> Iterator[RunningRedis]:
    with server_folder() as folder, run_redis(folder) as running:
        yield running


def test_an_end_is_told_once_redis_is_back(own_redis: RunningRedis) -> None:
    job_id = new_job_id()
    settings = make_settings(redis_url=own_redis.url(0), cache_url=own_redis.url(1))
    preview = np.zeros((8, 16, 3), dtype=np.uint8)
    with Publisher(make_job_stream(settings)) as publisher:
        publisher.publish(job_id, JobEvent.PREVIEW, {"index": 0}, preview)
        with redis.Redis.from_url(own_redis.url(1)) as client:
            eventually(lambda: client.exists(stream_key(job_id)))
        own_redis.process.kill()
        own_redis.process.wait()
        for step in range(50):
            publisher.publish(job_id, JobEvent.PROGRESS, {"step": step})
        publisher.publish(job_id, JobEvent.DONE, {"status": "succeeded"})
        own_redis.start()
        with redis.Redis.from_url(own_redis.url(1)) as client:

            def find_end() -> Any:
                entries: Any = client.xrange(stream_key(job_id))
                return [one for _, one in entries if one[b"type"] == b"done"]

            ends = eventually(find_end)
    assert [json.loads(end[b"data"]) for end in ends] == [{"status": "succeeded"}]


def test_a_publisher_that_ends_does_not_wait_for_redis(own_redis: RunningRedis) -> None:
    settings = make_settings(redis_url=own_redis.url(0), cache_url=own_redis.url(1))
    own_redis.process.kill()
    own_redis.process.wait()
    with Publisher(make_job_stream(settings)) as publisher:
        for _ in range(3):
            publisher.publish(new_job_id(), JobEvent.DONE, {"status": "failed"})
    own_redis.start()
