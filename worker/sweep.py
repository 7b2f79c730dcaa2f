"""The sweep: repairs what died in between. Any number may run; each works on rows of its own."""

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

import redis

from shared.config import Settings
from shared.db import Role, Sessions, make_sessions, transaction
from shared.events.stream import JobEvent, JobStream, make_job_stream
from shared.ids import JobId
from shared.images.make_store import make_store
from shared.images.store import ImageStore, StoreError
from shared.jobs.check_accounts import find_account_faults
from shared.jobs.remove_objects import claim_deletions, forget_deletions, postpone_deletions
from shared.jobs.requeue import (
    expire_overdue,
    forget_idempotency_keys,
    forget_workers,
    requeue_lost,
    unclaimed_pools,
)
from shared.jobs.status import END_STATUSES, JobStatus
from shared.jobs.table import Job
from shared.queue import Doorbell, make_celery, make_doorbell
from shared.usage.period import current_period
from worker.retry import DATABASE_AWAY

DELETIONS_AT_ONCE = 100
DELETION_RETRY_S = 60.0
FORGET_WORKERS_AFTER_LEASES = 4

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class SweepParts:
    """What a sweep works with.

    Attributes:
        next_check_s: When the accounts are compared with the ledger again.
    """

    settings: Settings
    sessions: Sessions
    store: ImageStore
    stream: JobStream
    doorbell: Doorbell
    next_check_s: float = 0.0


def run_sweep(settings: Settings, stop: threading.Event) -> None:
    """Sweep at every interval until `stop` is set; an outage costs rounds, never the process."""
    parts = SweepParts(
        settings,
        make_sessions(settings, Role.WORKER),
        make_store(settings),
        make_job_stream(settings),
        make_doorbell(settings, make_celery(settings)),
    )
    while not stop.wait(settings.sweep_interval_s):
        sweep(parts)


def sweep(parts: SweepParts) -> None:
    """Do one round; a part that fails leaves the others alone."""
    for repair in (_requeue, _expire, _remove_objects, _ring, _forget, _check_accounts):
        try:
            repair(parts)
        except DATABASE_AWAY as error:
            _log.warning("%s: %s", repair.__name__.strip("_"), type(error).__name__)
        except Exception:  # noqa: BLE001 - one broken repair must not stop the others
            _log.exception("%s", repair.__name__.strip("_"))


def _requeue(parts: SweepParts) -> None:
    settings = parts.settings
    with transaction(parts.sessions) as session:
        jobs = requeue_lost(session, settings.max_lost_attempts, settings.orphan_grace_s)
    for job in jobs:
        _log.warning("%s: attempt %d was lost; now %s", job.id, job.attempt, job.status)
    _tell(parts, jobs)
    for pool in {job.pool for job in jobs if job.status is JobStatus.QUEUED}:
        parts.doorbell.ring(pool)


def _expire(parts: SweepParts) -> None:
    with transaction(parts.sessions) as session:
        jobs = expire_overdue(session, parts.settings.orphan_grace_s)
    _tell(parts, jobs)


def _remove_objects(parts: SweepParts) -> None:
    with transaction(parts.sessions) as session:
        due = claim_deletions(session, DELETIONS_AT_ONCE)
        postpone_deletions(session, [one.id for one in due], DELETION_RETRY_S)
        prefixes = {one.id: one.prefix for one in due}
    done = [number for number, prefix in prefixes.items() if _is_removed(parts.store, prefix)]
    with transaction(parts.sessions) as session:
        forget_deletions(session, done)


def _is_removed(store: ImageStore, prefix: str) -> bool:
    try:
        store.delete_prefix(prefix)
    except StoreError as error:
        _log.warning("objects under %s stay for now: %s", prefix, type(error).__name__)
        return False
    return True


def _ring(parts: SweepParts) -> None:
    with transaction(parts.sessions) as session:
        pools = unclaimed_pools(session, parts.settings.unclaimed_after_s)
    for pool in pools:
        parts.doorbell.ring(pool)


def _forget(parts: SweepParts) -> None:
    with transaction(parts.sessions) as session:
        forget_workers(session, parts.settings.lease_s * FORGET_WORKERS_AFTER_LEASES)
        forget_idempotency_keys(session, parts.settings.idempotency_lifetime_s)


def _check_accounts(parts: SweepParts) -> None:
    """Say, now and then, whether a counter left the ledger; nothing is mended in silence."""
    if time.monotonic() < parts.next_check_s:
        return
    parts.next_check_s = time.monotonic() + parts.settings.account_check_interval_s
    with transaction(parts.sessions) as session:
        faults = find_account_faults(session, since=current_period())
    for fault in faults:
        _log.error("account differs from its ledger: %s", fault)


def _tell(parts: SweepParts, jobs: Sequence[Job]) -> None:
    """Tell the streams; those who wait look at the rows too, so that this may fail."""
    for job in jobs:
        kind = JobEvent.DONE if job.status in END_STATUSES else JobEvent.STATUS
        try:
            parts.stream.publish(JobId(job.id), kind, {"status": job.status.value})
        except redis.RedisError as error:
            _log.warning("stream of %s: %s", job.id, type(error).__name__)
            return
