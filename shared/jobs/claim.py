"""Taking work: up to so many jobs of one pool, each under a lease."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from shared.ids import JobId, TenantId
from shared.jobs.status import JobStatus
from shared.jobs.table import TURN, Job, Pool

HIGHEST = 0


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
    priority: int
    lost_attempts: int
    request: dict[str, Any]
    deadline_at: datetime


def claim_jobs(
    session: Session, pool: str, worker_id: str, limit: int, lease_s: float
) -> list[ClaimedJob]:
    """Move up to `limit` queued jobs of a pool to running.

    The oldest say whose turns they are; each tenant spends its turns on its most urgent jobs, which
    leave their own, later turns to those they went before. So nobody else waits any longer.

    Claims of one pool are serial: each holds the pool's row to the end of its transaction.
    """
    _hold_pool(session, pool)
    turns = session.execute(
        select(Job.id, Job.tenant_id, TURN.label("turn"))
        .where(*_claimable(pool))
        .order_by(TURN)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    spent: dict[str, dict[str, str]] = {}  # by tenant, the turns of its oldest jobs
    for row in turns:
        spent.setdefault(row.tenant_id, {})[row.id] = row.turn
    chosen = [
        job_id
        for tenant_id, own in spent.items()
        for job_id in _spend_turns(session, pool, tenant_id, own)
    ]
    return _lease(session, chosen, worker_id, lease_s)


def claim_urgent(
    session: Session, pool: str, worker_id: str, limits: Mapping[TenantId, int], lease_s: float
) -> list[ClaimedJob]:
    """Move queued jobs of the highest priority to running, up to so many of each tenant.

    For workers that have no free slot, but jobs of these tenants that give way. A job that cost a
    worker its life is not among them: it must run alone.
    """
    _hold_pool(session, pool)
    chosen = [
        row.id
        for tenant_id, limit in limits.items()
        for row in _most_urgent(
            session, pool, tenant_id, limit, Job.priority == HIGHEST, Job.lost_attempts == 0
        )
    ]
    return _lease(session, chosen, worker_id, lease_s)


def _spend_turns(
    session: Session, pool: str, tenant_id: str, turns: Mapping[str, str]
) -> list[str]:
    """Return the tenant's most urgent jobs, as many as it has turns, which they exchange."""
    urgent = {row.id: row.turn for row in _most_urgent(session, pool, tenant_id, len(turns))}
    sooner = [job_id for job_id in urgent if job_id not in turns]
    later = [job_id for job_id in turns if job_id not in urgent]
    exchanged = [
        {"id": job_id, "turn": turn}
        for hasty, patient in zip(sooner, later, strict=False)
        for job_id, turn in ((hasty, turns[patient]), (patient, urgent[hasty]))
    ]
    if exchanged:
        session.execute(update(Job), exchanged)
    return list(urgent)


def _most_urgent(
    session: Session, pool: str, tenant_id: str, limit: int, *which: ColumnElement[bool]
) -> Sequence[Row[str, str]]:
    return session.execute(
        select(Job.id, TURN.label("turn"))
        .where(Job.tenant_id == tenant_id, *_claimable(pool), *which)
        .order_by(Job.priority, TURN)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()


def _claimable(pool: str) -> tuple[ColumnElement[bool], ...]:
    return Job.status == JobStatus.QUEUED, Job.pool == pool, Job.deadline_at > func.now()


def _lease(
    session: Session, job_ids: Sequence[str], worker_id: str, lease_s: float
) -> list[ClaimedJob]:
    """Move locked, queued jobs to running; returns them in the order of their turns."""
    if not job_ids:
        return []
    rows = session.scalars(
        update(Job)
        .where(Job.id.in_(job_ids))
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
    return [_claimed(job) for job in sorted(rows, key=lambda job: job.turn or job.id)]


def _hold_pool(session: Session, pool: str) -> None:
    if session.get(Pool, pool, with_for_update=True) is None:
        session.execute(insert(Pool).values(name=pool).on_conflict_do_nothing())
        session.get_one(Pool, pool, with_for_update=True)


def _claimed(job: Job) -> ClaimedJob:
    return ClaimedJob(
        held=Held(JobId(job.id), job.attempt),
        tenant_id=TenantId(job.tenant_id),
        priority=job.priority,
        lost_attempts=job.lost_attempts,
        request=job.request,
        deadline_at=job.deadline_at,
    )
