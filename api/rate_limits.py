"""How often a tenant and a key may call, counted in Redis for all API processes together.

While Redis is away calls pass and are counted here; once it is back they are counted there, as far
as the limit goes. Fields of the answer: draft-ietf-httpapi-ratelimit-headers-10.
"""

import logging
import math
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import redis.exceptions
from limits import RateLimitItemPerMinute
from limits.aio.storage import RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from redis.asyncio import ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from shared.errors import RateLimited

WINDOW_S = 60
_AWAY_S = 1.0  # after a call that Redis did not answer, none asks it for so long
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RateLimit:
    """One limit on one caller.

    Attributes:
        name: `tenant` or `key`, as the answer's fields say it.
        subject: Whose calls are counted.
        per_minute: How many pass.
    """

    name: str
    subject: str
    per_minute: int


@dataclass(frozen=True, slots=True)
class _Left:
    calls: int
    reset_s: float


class RateLimiter:
    """Counts calls over a sliding minute."""

    def __init__(self, url: str, timeout_s: float) -> None:
        self._connections = ConnectionPool.from_url(
            url,
            socket_timeout=timeout_s,
            socket_connect_timeout=timeout_s,
            retry=Retry(NoBackoff(), 0),
        )
        storage = RedisStorage(
            f"async+{url}",
            implementation="redispy",
            key_prefix="atelier:rate",
            connection_pool=self._connections,  # type: ignore[arg-type]
        )
        self._window = SlidingWindowCounterRateLimiter(storage)
        self._uncounted: Counter[RateLimit] = Counter()
        self._away_until_s = 0.0

    async def aclose(self) -> None:
        """Close the connections."""
        await self._connections.disconnect()

    async def check(self, limits: list[RateLimit]) -> Mapping[str, str]:
        """Count a call and return what the answer's header says of the limits.

        Raises:
            RateLimited: One of them is used up.
        """
        if not limits:
            return {}
        if time.monotonic() < self._away_until_s:
            self._uncounted.update(limits)
            return {}
        try:
            return await self._check_in_redis(limits)
        except (redis.exceptions.RedisError, OSError) as error:
            _log.warning("rates are counted later: %s", type(error).__name__)
            self._away_until_s = time.monotonic() + _AWAY_S
            self._uncounted.update(limits)
            return {}

    async def _check_in_redis(self, limits: list[RateLimit]) -> Mapping[str, str]:
        left: dict[RateLimit, _Left] = {}
        for limit in limits:
            await self._count_later(limit)
            is_passing = await self._window.hit(_item(limit), limit.name, limit.subject)
            left[limit] = await self._find_left(limit)
            if not is_passing:
                retry_s = max(left[limit].reset_s, WINDOW_S / limit.per_minute)
                raise RateLimited(limit.name, limit.per_minute, math.ceil(retry_s), _fields(left))
        return _fields(left)

    async def _count_later(self, limit: RateLimit) -> None:
        """Count what passed while Redis was away, as far as the limit goes."""
        uncounted = self._uncounted.pop(limit, 0)
        if uncounted:
            left = await self._find_left(limit)
            cost = min(uncounted, left.calls)
            if cost:
                await self._window.hit(_item(limit), limit.name, limit.subject, cost=cost)

    async def _find_left(self, limit: RateLimit) -> _Left:
        stats = await self._window.get_window_stats(_item(limit), limit.name, limit.subject)
        return _Left(stats.remaining, max(0.0, stats.reset_time - time.time()))


def _item(limit: RateLimit) -> RateLimitItemPerMinute:
    return RateLimitItemPerMinute(limit.per_minute)


def _fields(left: Mapping[RateLimit, _Left]) -> dict[str, str]:
    return {
        "RateLimit-Policy": ", ".join(
            f'"{limit.name}";q={limit.per_minute};w={WINDOW_S}' for limit in left
        ),
        "RateLimit": ", ".join(
            f'"{limit.name}";r={one.calls};t={math.ceil(one.reset_s)}'
            for limit, one in left.items()
        ),
    }
