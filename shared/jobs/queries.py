"""Reads for tenants: none can be made without one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from shared.cursor import make_cursor, read_cursor
from shared.errors import NotFound
from shared.ids import JobId, TenantId, is_well_formed
from shared.images.table import Image
from shared.jobs.status import JobStatus
from shared.jobs.table import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFilter:
    """Which jobs to list; what is left None lets all pass."""

    status: JobStatus | None = None
    task: str | None = None
    model: str | None = None
    created_after: datetime | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JobPage:
    """Some jobs, newest first, and where the next page begins."""

    jobs: Sequence[Job]
    next_cursor: str | None


def get_job(
    session: Session, tenant_id: TenantId, job_id: JobId, *, for_update: bool = False
) -> Job:
    """Return a job of this tenant.

    Raises:
        NotFound: It has no such job.
    """
    job = find_job(session, tenant_id, job_id, for_update=for_update)
    if job is None:
        raise NotFound("job")
    return job


def find_job(
    session: Session, tenant_id: TenantId, job_id: JobId, *, for_update: bool = False
) -> Job | None:
    """Return a job of this tenant, or None."""
    if not is_well_formed(job_id, "job"):
        return None
    statement = select(Job).where(Job.id == job_id, Job.tenant_id == tenant_id)
    return session.scalar(statement.with_for_update() if for_update else statement)


def list_jobs(
    session: Session, tenant_id: TenantId, which: JobFilter, cursor: str | None, limit: int
) -> JobPage:
    """Return one page of this tenant's jobs.

    Raises:
        InvalidCursor: The cursor is not one that a page gave.
    """
    statement = _filtered(which).where(Job.tenant_id == tenant_id)
    if cursor is not None:
        statement = statement.where(Job.id < read_cursor(cursor, "job"))
    jobs = session.scalars(statement.order_by(Job.id.desc()).limit(limit + 1)).all()
    more = len(jobs) > limit
    return JobPage(jobs[:limit], make_cursor(jobs[limit - 1].id) if more else None)


def list_images(
    session: Session, tenant_id: TenantId, job_ids: Sequence[JobId]
) -> dict[JobId, list[Image]]:
    """Return the pictures of several jobs of this tenant, by job, in the order of their index."""
    found: dict[JobId, list[Image]] = {job_id: [] for job_id in job_ids}
    for image in session.scalars(
        select(Image)
        .where(Image.tenant_id == tenant_id, Image.job_id.in_(job_ids))
        .order_by(Image.job_id, Image.index)
    ):
        found[JobId(image.job_id)].append(image)
    return found


def get_image(session: Session, tenant_id: TenantId, job_id: JobId, index: int) -> Image:
    """Return picture `index` of a job of this tenant.

    Raises:
        NotFound: There is no such job, or it has no such picture.
    """
    get_job(session, tenant_id, job_id)
    image = session.scalar(
        select(Image).where(
            Image.tenant_id == tenant_id, Image.job_id == job_id, Image.index == index
        )
    )
    if image is None:
        raise NotFound("image")
    return image


def _filtered(which: JobFilter) -> Select[Job]:
    statement = select(Job)
    if which.status is not None:
        statement = statement.where(Job.status == which.status)
    if which.task is not None:
        statement = statement.where(Job.task == which.task)
    if which.model is not None:
        statement = statement.where(Job.model == which.model)
    if which.created_after is not None:
        statement = statement.where(Job.created_at > which.created_after)
    if which.labels:
        statement = statement.where(Job.labels.contains(dict(which.labels)))
    return statement
