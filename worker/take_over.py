"""What a new process does first: give back what its predecessor held."""

import logging
import threading

from shared.config import Settings
from shared.db import Role, Sessions, close_sessions, make_sessions, transaction
from shared.jobs.requeue import release_worker
from shared.jobs.table import Job
from shared.queue import make_celery, make_doorbell
from worker.retry import DATABASE_AWAY, retry

PATIENCE_S = 5.0

_log = logging.getLogger(__name__)


def take_over_here() -> None:
    """Take over in this process, and wake somebody for what was given back."""
    settings = Settings()
    if settings.worker_id is None:
        return  # it had no name to be known by
    sessions = make_sessions(settings, Role.WORKER)
    if take_over(settings, sessions, settings.worker_id):
        make_doorbell(settings, make_celery(settings)).ring(settings.pool)
    close_sessions(sessions)


def take_over(settings: Settings, sessions: Sessions, worker_id: str) -> list[Job]:
    """Take back the jobs of the process that bore this worker's name before; it is dead.

    Without this they would wait for their leases to end. Once a claim was made it is too late.
    """

    def release() -> list[Job]:
        with transaction(sessions) as session:
            return release_worker(
                session, worker_id, settings.max_lost_attempts, settings.orphan_grace_s
            )

    try:
        jobs = retry(release, DATABASE_AWAY, PATIENCE_S, threading.Event())
    except DATABASE_AWAY as error:
        _log.warning("taking over: %s; leases will end by themselves", type(error).__name__)
        return []
    for job in jobs:
        _log.warning("%s: attempt %d died with its worker; now %s", job.id, job.attempt, job.status)
    return jobs
