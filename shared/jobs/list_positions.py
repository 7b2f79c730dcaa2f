"""Where queued jobs stand, in one query however many are asked about."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shared.ids import JobId, TenantId
from shared.jobs.status import JobStatus
from shared.jobs.table import TURN, Job


def list_positions(session: Session, tenant_id: TenantId, jobs: Sequence[Job]) -> dict[JobId, int]:
    """Return the place of each queued job among its tenant's in its pool, from 1."""
    queued = [job.id for job in jobs if job.status is JobStatus.QUEUED]
    if not queued:
        return {}
    lanes = (
        select(
            Job.id,
            func.row_number()
            .over(partition_by=Job.pool, order_by=(Job.priority, TURN))
            .label("position"),
        )
        .where(
            Job.tenant_id == tenant_id,
            Job.status == JobStatus.QUEUED,
            Job.pool.in_({job.pool for job in jobs}),
        )
        .subquery()
    )
    rows = session.execute(select(lanes.c.id, lanes.c.position).where(lanes.c.id.in_(queued)))
    return {JobId(row.id): row.position for row in rows}
