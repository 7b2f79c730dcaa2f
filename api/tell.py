"""Telling those who watch a job what this process did to it. Best effort: rows are the truth."""

import logging
from collections.abc import Callable

from redis.exceptions import RedisError
from sqlalchemy.orm import Session

from api.parts import Parts
from shared.db import after_commit
from shared.events.stream import JobEvent
from shared.ids import JobId
from shared.jobs.status import JobStatus

_log = logging.getLogger(__name__)


def tell_canceled(session: Session, parts: Parts, job_id: JobId) -> None:
    """After the commit, end the streams and waits of a job that was canceled while queued."""
    data = {"status": JobStatus.CANCELED.value}
    after_commit(
        session, _best_effort(lambda: parts.job_stream.publish(job_id, JobEvent.DONE, data))
    )


def tell_deleted(session: Session, parts: Parts, job_id: JobId) -> None:
    """After the commit, end the job's streams and waits, and erase what was said of it."""

    def end_stream() -> None:
        parts.job_stream.publish(job_id, JobEvent.DONE, {"deleted": True})
        parts.job_stream.erase(job_id)

    after_commit(session, _best_effort(end_stream))


def _best_effort(work: Callable[[], object]) -> Callable[[], None]:
    def run() -> None:
        try:
            work()
        except (RedisError, OSError) as error:
            _log.warning("after commit: %s", error)

    return run
