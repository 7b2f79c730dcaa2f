"""The composition root of a worker's child: the process that owns the device and its loop."""

import logging
import os
import signal
import sys
import threading
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from types import FrameType

from celery import current_app

from shared.config import Settings
from shared.db import Role, make_sessions, transaction
from shared.events.stream import make_job_stream
from shared.images.make_store import make_store
from shared.jobs.report_worker import WorkerReport, retire_worker
from shared.queue import Doorbell, make_celery, make_doorbell, queue_name, wake_channel
from shared.redis_client import KEY_PREFIX, make_redis
from worker.drain import DrainFlag
from worker.exit_broken import exit_broken
from worker.fault_points import FaultPoints
from worker.heartbeat import Heartbeat
from worker.held_jobs import HeldJobs
from worker.make_app import DRAIN_FILE
from worker.make_engine import ModelShelf, make_shelf
from worker.parts import Parts
from worker.publish_events import Publisher
from worker.retry import DATABASE_AWAY
from worker.run_shift import run_shift
from worker.wake import WakeListener
from worker.watch_parent import ParentEnder, ParentWatch
from worker.watchdog import Watchdog

# The loop takes the interpreter back thousands of times a step, and must not wait for it each time.
SWITCH_INTERVAL_S = 0.0005

_log = logging.getLogger(__name__)


class Child:
    """One worker process for as long as it lives, shift or no shift."""

    def __init__(self, parts: Parts, threads: ExitStack) -> None:
        self._parts = parts
        self._threads = threads
        self._is_in_shift = False

    def load_models(self) -> None:
        """Load what the pool serves, so that the first job need not wait."""
        self._parts.watchdog.feed_for_loading()
        self._parts.shelf.load_pool()
        self._parts.watchdog.stop()

    def watch_parent(self) -> None:
        """End the parent should it go deaf; only an idle child can tell."""
        settings = self._parts.settings
        client = make_redis(settings.redis_url.get_secret_value(), settings.redis_timeout_s)
        key = f"{KEY_PREFIX}{queue_name(settings.pool)}"
        watch = ParentWatch(
            count_doorbells=lambda: client.llen(key),
            is_busy=lambda: self._is_in_shift or self._parts.drain.is_raised,
            end_parent=ParentEnder(),
        )
        self._threads.enter_context(watch)

    def run_shift(self) -> None:
        """Run one shift; a process whose shift broke ends, and its successor takes over."""
        self._is_in_shift = True
        with exit_broken():
            run_shift(self._parts)
        self._is_in_shift = False
        if self._parts.drain.is_raised_here:
            self.close()
            os._exit(0)

    def stop(self, _number: int, _frame: FrameType | None) -> None:
        """Drain on a signal to this process alone, as when its whole group is told to end."""
        self._parts.drain.raise_here()
        if not self._is_in_shift:
            os._exit(0)

    def close(self) -> None:
        """End the threads and strike the worker from the list."""
        self._threads.close()
        try:
            with transaction(self._parts.sessions) as session:
                retire_worker(session, self._parts.worker_id)
        except DATABASE_AWAY as error:
            _log.warning("not retired: %s", type(error).__name__)


@cache
def get_child() -> Child:
    """Return this process's worker; the first call starts its threads and loads its models."""
    settings = Settings()
    worker_id = settings.worker_id or f"worker-{os.getppid()}"
    flag = DrainFlag(Path(current_app.conf[DRAIN_FILE]))
    doorbell = make_doorbell(settings, make_celery(settings))
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    child = Child(*assemble(settings, worker_id, make_shelf(settings), flag, doorbell))
    child.load_models()
    child.watch_parent()
    signal.signal(signal.SIGTERM, child.stop)
    return child


def assemble(
    settings: Settings, worker_id: str, shelf: ModelShelf, drain: DrainFlag, doorbell: Doorbell
) -> tuple[Parts, ExitStack]:
    """Build the parts and start the threads that live as long as the process.

    Returns:
        The parts, and what ends the threads when it is closed.
    """
    sessions = make_sessions(settings, Role.WORKER)
    held, wake, threads = HeldJobs(), threading.Event(), ExitStack()

    def describe() -> WorkerReport:
        return WorkerReport(
            worker_id=worker_id,
            pool=settings.pool,
            device=str(shelf.device),
            dtype=str(shelf.dtype).removeprefix("torch."),
            slots=settings.slots,
            models=shelf.loaded,
            loading=shelf.loading,
        )

    heartbeat = Heartbeat(sessions, held, describe, settings.heartbeat_interval_s, settings.lease_s)
    listener = WakeListener(
        make_redis(settings.redis_url.get_secret_value(), settings.redis_timeout_s),
        wake_channel(settings.pool),
        (wake.set, heartbeat.beat_early),
    )
    publisher = Publisher(make_job_stream(settings))
    for thread in (heartbeat, listener, publisher):
        threads.enter_context(thread)
    parts = Parts(
        settings=settings,
        worker_id=worker_id,
        sessions=sessions,
        store=make_store(settings),
        shelf=shelf,
        held=held,
        publisher=publisher,
        wake=wake,
        listener=listener,
        ring=lambda: doorbell.ring(settings.pool),
        watchdog=Watchdog(settings.stall_s, settings.load_stall_s),
        drain=drain,
        faults=FaultPoints(settings.fault_point),
    )
    return parts, threads
