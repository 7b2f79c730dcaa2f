"""Giving jobs back that a stopping worker could not finish."""

import logging

from shared.db import transaction
from shared.errors import LeaseLost
from shared.events.stream import JobEvent
from shared.jobs.finish import release_job
from worker.parts import Parts
from worker.retry import DATABASE_AWAY

_log = logging.getLogger(__name__)


def hand_back(parts: Parts) -> None:
    """Return every job still held to its queue, and wake somebody for them."""
    jobs = parts.held.list_held()
    for job in jobs:
        parts.shelf.engine.cancel(job.id)
        try:
            with transaction(parts.sessions) as session:
                release_job(session, job.held)
        except LeaseLost:
            _log.info("%s was taken back already", job.id)
        except DATABASE_AWAY as error:
            _log.warning("%s waits for its lease to end: %s", job.id, type(error).__name__)
        else:
            parts.publisher.publish(job.held.job_id, JobEvent.STATUS, {"status": "queued"})
        parts.held.remove(job)
    if jobs:
        parts.shelf.engine.step()  # lets go of the canceled
        parts.ring()
