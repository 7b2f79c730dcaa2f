"""Taking work: up to so many jobs of one pool, each under a lease."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from shared.ids import JobId, TenantId
from shared.jobs.status import JobStatus
from shared.jobs.table import Job, Pool


@dataclass(frozen=True, slots=True)
class Held:
    """The right of one attempt over one job; every write of a worker names it."""

    job_id: JobId
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedJob:
    """What a worker needs to run a job, read once when it claims."""

    held: Held
    tenant_id: TenantId
    lost_attempts: int
    request: dict[str, Any]
    deadline_at: datetime


def claim_jobs(
    session: Session, pool: str, worker_id: str, limit: int, lease_s: float
) -> list[ClaimedJob]:
    """Move up to `limit` queued jobs of a pool to running, oldest first.

    Claims of one pool are serial: each holds the pool's row to the end of its transaction.
    """
    _hold_pool(session, pool)
    claimable = (
        select(Job.id)
        .where(Job.status == JobStatus.QUEUED, Job.pool == pool, Job.deadline_at > func.now())
        .order_by(Job.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("claimable")  # a CTE, so that the limit and the locks are taken exactly once
    )
    rows = session.scalars(
        update(Job)
        .where(Job.id == claimable.c.id)
        .values(
            status=JobStatus.RUNNING,
            attempt=Job.attempt + 1,
            progress_step=0,
            lease_owner=worker_id,
            lease_expires_at=func.now() + timedelta(seconds=lease_s),
            started_at=func.coalesce(Job.started_at, func.now()),
        )
        .returning(Job)
        .execution_options(synchronize_session=False)
    ).all()
    return sorted(map(_claimed, rows), key=lambda job: job.held.job_id)


def _hold_pool(session: Session, pool: str) -> None:
    if session.get(Pool, pool, with_for_update=True) is None:
        session.execute(insert(Pool).values(name=pool).on_conflict_do_nothing())
        session.get_one(Pool, pool, with_for_update=True)


def _claimed(job: Job) -> ClaimedJob:
    return ClaimedJob(
        held=Held(JobId(job.id), job.attempt),
        tenant_id=TenantId(job.tenant_id),
        lost_attempts=job.lost_attempts,
        request=job.request,
        deadline_at=job.deadline_at,
    )
