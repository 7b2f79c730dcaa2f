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

# One way there and back for what would be three; `data` is JSON already.
_PUBLISH = """
local job_id, kind, data = ARGV[1], ARGV[2], ARGV[3]
local id = redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[4], '*', 'type', kind, 'data', data)
redis.call('EXPIRE', KEYS[1], ARGV[5])
local head = cjson.encode({job_id = job_id, id = id, type = kind})
redis.call('PUBLISH', ARGV[6], string.sub(head, 1, -2) .. ',"data":' .. data .. '}')
return id
"""


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
        self._publish = client.register_script(_PUBLISH)
        self._lifetime_s = lifetime_s

    def publish(self, job_id: JobId, kind: JobEvent, data: dict[str, Any]) -> None:
        """Add one event.

        Raises:
            RedisError: Redis did not take it; a caller that can go on without, should.
        """
        body = json.dumps(data, separators=(",", ":"))
        self._publish(
            keys=[stream_key(job_id)],
            args=[job_id, kind.value, body, MAX_EVENTS, self._lifetime_s, CHANNEL],
        )

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
