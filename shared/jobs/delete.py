"""Deleting a job: everything but its ledger line goes."""

from sqlalchemy.orm import Session

from shared.ids import JobId, TenantId
from shared.jobs.queries import get_job
from shared.jobs.remove_objects import remove_job
from shared.jobs.settle import cost_of_steps, settle_job
from shared.jobs.status import END_STATUSES, JobStatus


def delete_job(session: Session, tenant_id: TenantId, job_id: JobId, grace_s: float) -> str:
    """Cancel the job if need be and remove its row; returns the prefix of its objects.

    The caller removes the objects at once, after the commit; the sweep does it again after
    `grace_s`, in case that failed or a worker was still writing. A worker that runs the job finds
    its lease gone.

    Raises:
        NotFound: The tenant has no such job.
    """
    job = get_job(session, tenant_id, job_id, for_update=True)
    if job.status not in END_STATUSES:
        owed = cost_of_steps(job, job.progress_step)
        settle_job(session, job, JobStatus.CANCELED, pixel_steps=owed)
    prefix = remove_job(session, job, grace_s)
    session.delete(job)
    session.flush()
    return prefix
