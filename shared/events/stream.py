"""Publishing and erasing a job's events in Redis. Best effort: rows are the truth."""

import json
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import redis

from shared.config import Settings
from shared.ids import JobId
from shared.redis_client import KEY_PREFIX, make_redis

CHANNEL = f"{KEY_PREFIX}job-events"
MAX_EVENTS = 512


class JobEvent(StrEnum):
    """What a stream may say."""

    STATUS = "status"
    PROGRESS = "progress"
    PREVIEW = "preview"
    DONE = "done"


def stream_key(job_id: JobId) -> str:
    """Return the Redis key of a job's stream."""
    return f"{KEY_PREFIX}job:{job_id}:events"


def cache_url(settings: Settings) -> str:
    """Return the Redis of streams: as set, else database 1 beside the broker."""
    if settings.cache_url is not None:
        return settings.cache_url.get_secret_value()
    return urlunsplit(urlsplit(settings.redis_url.get_secret_value())._replace(path="/1"))


class JobStream:
    """Appends to a job's stream and tells every API process that listens.

    Each entry holds `type` and `data` (JSON); the channel carries the same with the entry's id.
    """

    def __init__(self, client: redis.Redis, lifetime_s: int) -> None:
        self._client = client
        self._lifetime_s = lifetime_s

    def publish(self, job_id: JobId, kind: JobEvent, data: dict[str, Any]) -> None:
        """Add one event.

        Raises:
            RedisError: Redis did not take it; a caller that can go on without, should.
        """
        body = json.dumps(data, separators=(",", ":"))
        key = stream_key(job_id)
        entry: Any = self._client.xadd(
            key, {"type": kind.value, "data": body}, maxlen=MAX_EVENTS, approximate=True
        )
        message = {"job_id": job_id, "id": entry.decode(), "type": kind.value, "data": data}
        pipe = self._client.pipeline(transaction=False)
        pipe.expire(key, self._lifetime_s)
        pipe.publish(CHANNEL, json.dumps(message, separators=(",", ":")))
        pipe.execute()

    def erase(self, job_id: JobId) -> None:
        """Remove all that was said of a job.

        Raises:
            RedisError: Redis did not answer; the stream ends by its lifetime.
        """
        self._client.delete(stream_key(job_id))


def make_job_stream(settings: Settings) -> JobStream:
    """Build the publisher of a process."""
    client = make_redis(cache_url(settings), settings.redis_timeout_s)
    return JobStream(client, settings.stream_lifetime_s)
