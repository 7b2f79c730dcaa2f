"""The one way to an end status: row, cost, ledger line and account move together."""

from sqlalchemy import func
from sqlalchemy.orm import Session

from shared.ids import TenantId, new_usage_id
from shared.jobs.passes import count_pixel_steps
from shared.jobs.resolved import ResolvedRequest
from shared.jobs.status import JobStatus, check_move
from shared.jobs.table import Job
from shared.usage.account import settle
from shared.usage.table import UsageRecord


def settle_job(
    session: Session, job: Job, status: JobStatus, *, pixel_steps: int, num_images: int = 0
) -> None:
    """End a job whose row this transaction has locked.

    Raises:
        InvalidTransition: The job has already ended.
    """
    check_move(job.status, status)
    job.status = status
    job.cost_settled = pixel_steps
    job.lease_owner = None
    job.lease_expires_at = None
    job.finished_at = func.now()
    session.add(
        UsageRecord(
            id=new_usage_id(),
            tenant_id=job.tenant_id,
            job_id=job.id,
            model=job.model,
            task=job.task,
            end_status=status.value,
            pixel_steps=pixel_steps,
            num_images=num_images,
            period=job.period,
            key_id=job.key_id,
            recorded_at=func.now(),
        )
    )
    session.flush()
    if job.period is not None:
        settle(
            session,
            TenantId(job.tenant_id),
            job.period,
            reserved=job.cost_reserved,
            used=pixel_steps,
        )


def cost_of_steps(job: Job, steps_done: int) -> int:
    """Return the pixel-steps that a job owes after `steps_done` of its steps.

    The steps of a second pass, at its own size, cost more than the first one's.
    """
    request = ResolvedRequest.model_validate(job.request)
    done = count_pixel_steps(request, steps_done)
    return -(-job.cost_reserved * done // count_pixel_steps(request, job.num_steps))
