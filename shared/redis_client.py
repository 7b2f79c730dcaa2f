"""Redis clients that fail fast, and the prefix of all that we keep there."""

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

KEY_PREFIX = "atelier:"
_HEALTH_CHECK_INTERVAL_S = 5


def make_redis(url: str, timeout_s: float) -> redis.Redis:
    """Build a client that never sends a command twice: not all of them bear it."""
    return redis.Redis.from_url(
        url,
        socket_timeout=timeout_s,
        socket_connect_timeout=timeout_s,
        retry=Retry(NoBackoff(), 0),
        health_check_interval=_HEALTH_CHECK_INTERVAL_S,
    )
