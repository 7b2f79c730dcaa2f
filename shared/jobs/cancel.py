"""Canceling: at once while queued, at the next step while running."""

from sqlalchemy import func
from sqlalchemy.orm import Session

from shared.errors import JobEnded
from shared.ids import JobId, TenantId
from shared.jobs.queries import get_job
from shared.jobs.settle import settle_job
from shared.jobs.status import END_STATUSES, JobStatus
from shared.jobs.table import Job


def cancel_job(session: Session, tenant_id: TenantId, job_id: JobId) -> Job:
    """Cancel a queued job, or ask the worker of a running one to stop.

    Raises:
        NotFound: The tenant has no such job.
        JobEnded: It has an end status.
    """
    job = get_job(session, tenant_id, job_id, for_update=True)
    if job.status in END_STATUSES:
        raise JobEnded(job.status)
    if job.status is JobStatus.QUEUED:
        settle_job(session, job, JobStatus.CANCELED, pixel_steps=0)
    elif job.cancel_requested_at is None:
        job.cancel_requested_at = func.now()
    session.flush()
    return job
