"""Celery's settings for a worker. What each is for: docs/decisions/0010-celery-prefork-spawn.md."""

from collections.abc import Callable
from functools import partial
from typing import Any

from celery import Celery, signals

from shared.config import Settings
from shared.queue import make_celery, queue_name
from shared.redis_client import KEY_PREFIX
from worker.drain import make_drain_flag, remove_drain_flag

DRAIN_FILE = "drain_file"

_TRANSPORT = {
    "visibility_timeout": 900,
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
    "socket_timeout": 10,
    "socket_connect_timeout": 5,
    "socket_keepalive": True,
    "health_check_interval": 5,  # a half-open connection is noticed in seconds
    "retry_on_timeout": False,  # no push is sent twice
    "global_keyprefix": KEY_PREFIX,
}


def make_worker_app(settings: Settings) -> Celery:
    """Build the Celery app that a worker's parent runs; its child gets a copy."""
    app = make_celery(settings)
    app.set_current()
    flag = make_drain_flag()
    app.conf.update(
        {
            "include": ["worker.tasks"],
            "broker_transport_options": _TRANSPORT,
            "broker_connection_max_retries": None,
            "visibility_timeout": _TRANSPORT["visibility_timeout"],
            "task_default_queue": queue_name(settings.pool),
            "task_acks_late": False,
            "task_reject_on_worker_lost": False,
            "worker_disable_prefetch": True,
            "worker_prefetch_multiplier": 1,
            "worker_pool": "prefork",
            "worker_concurrency": 1,
            "worker_pool_start_method": "spawn",
            # a child counts as up once its models are loaded
            "worker_proc_alive_timeout": settings.load_stall_s,
            "worker_max_tasks_per_child": None,
            "worker_cancel_long_running_tasks_on_connection_loss": False,
            "worker_eta_task_limit": 100,
            "worker_send_task_events": False,
            "worker_hijack_root_logger": False,
            "worker_redirect_stdouts": False,
            DRAIN_FILE: str(flag.path),
        }
    )
    # Celery holds receivers weakly, and these belong to nobody else.
    signals.worker_shutting_down.connect(_ignoring_arguments(flag.raise_), weak=False)
    signals.worker_shutdown.connect(
        _ignoring_arguments(partial(remove_drain_flag, flag)), weak=False
    )
    return app


def _ignoring_arguments(act: Callable[[], None]) -> Callable[..., None]:
    def receive(**_arguments: Any) -> None:  # noqa: ANN401 - Celery's own
        act()

    return receive
