"""The Celery app and the doorbell. Rows are the truth; a message only says "look now"."""

import logging
import time

import redis
from celery import Celery
from kombu.exceptions import OperationalError

from shared.config import Settings
from shared.redis_client import KEY_PREFIX, make_redis

RUN_SHIFT = "worker.run_shift"
MAX_WAITING_DOORBELLS = 8
RETRY_AFTER_S = 1.0

_log = logging.getLogger(__name__)


def queue_name(pool: str) -> str:
    """Return the Celery queue of a pool."""
    return f"pool.{pool}"


def wake_channel(pool: str) -> str:
    """Return the Redis channel on which a pool's busy workers are woken."""
    return f"{KEY_PREFIX}wake:{pool}"


def make_celery(settings: Settings) -> Celery:
    """Build the Celery app; both edges use it, only the worker registers tasks on it."""
    # not current: a process may ring by one app while Celery runs it by another
    app = Celery("atelier", broker=settings.redis_url.get_secret_value(), set_as_current=False)
    app.conf.update(
        result_backend=None,
        task_ignore_result=True,
        accept_content=["json"],
        task_serializer="json",
        task_publish_retry=False,
        broker_connection_retry_on_startup=True,
        broker_transport_options={
            "global_keyprefix": KEY_PREFIX,
            "socket_timeout": settings.redis_timeout_s,
            "socket_connect_timeout": settings.redis_timeout_s,
            "max_retries": 0,
            "retry_on_timeout": False,
        },
    )
    return app


class Doorbell:
    """Wakes the workers of a pool. A lost ring costs delay, never work: the sweep rings again."""

    def __init__(self, celery: Celery, client: redis.Redis, lifetime_s: float) -> None:
        self._celery = celery
        self._client = client
        self._lifetime_s = lifetime_s
        self._silent_until = 0.0

    def ring(self, pool: str) -> None:
        """Wake busy workers by publishing and an idle one by a message, unless enough wait.

        After a failure nothing is tried for a while, so that a dead Redis slows no caller.
        """
        if time.monotonic() < self._silent_until:
            return
        try:
            self._client.publish(wake_channel(pool), b"")
            if self._waiting(pool) < MAX_WAITING_DOORBELLS:
                self._celery.send_task(
                    RUN_SHIFT, queue=queue_name(pool), expires=self._lifetime_s, retry=False
                )
        except (redis.RedisError, OperationalError, OSError) as error:
            self._silent_until = time.monotonic() + RETRY_AFTER_S
            _log.warning("doorbell of pool %s failed: %s", pool, type(error).__name__)

    def _waiting(self, pool: str) -> int:
        return int(self._client.llen(f"{KEY_PREFIX}{queue_name(pool)}"))


def make_doorbell(settings: Settings, celery: Celery) -> Doorbell:
    """Build the doorbell of a process."""
    client = make_redis(settings.redis_url.get_secret_value(), settings.redis_timeout_s)
    return Doorbell(celery, client, settings.doorbell_lifetime_s)
