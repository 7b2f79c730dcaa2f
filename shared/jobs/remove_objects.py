"""Objects that must go: written down with the change that orphans them, removed by the sweep."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from shared.errors import Unavailable
from shared.images.keys import attempt_prefix, job_prefix
from shared.jobs.table import Deletion, Job


@dataclass(frozen=True, slots=True)
class Note:
    """That some objects must go at a time, unless they are kept before."""

    id: int
    not_before: datetime


def note_objects(session: Session, tenant_id: str, prefix: str, grace_s: float) -> Note:
    """Have every object below a prefix removed after `grace_s`.

    Whoever stores objects before the rows that name them notes them first, in a transaction of
    its own, and keeps them in that of the rows.
    """
    due = func.now() + timedelta(seconds=grace_s)
    row = Deletion(tenant_id=tenant_id, prefix=prefix, not_before=due)
    session.add(row)
    session.flush()
    return Note(row.id, row.not_before)


def keep_objects(session: Session, note: Note) -> None:
    """Strike a note: its objects have rows now.

    Raises:
        Unavailable: It is due already, and the sweep may be removing them.
    """
    struck = session.scalar(
        delete(Deletion)
        .where(Deletion.id == note.id, Deletion.not_before == note.not_before)
        .returning(Deletion.id)
    )
    if struck is None:
        raise Unavailable("store")


def remove_attempt(session: Session, job: Job, grace_s: float) -> None:
    """Have the objects of the job's present attempt removed, once its worker must have noticed."""
    prefix = attempt_prefix(job.tenant_id, job.id, job.attempt)
    note_objects(session, job.tenant_id, prefix, grace_s)


def remove_job(session: Session, job: Job, grace_s: float) -> str:
    """Have every object of the job removed; returns their prefix."""
    prefix = job_prefix(job.tenant_id, job.id)
    note_objects(session, job.tenant_id, prefix, grace_s)
    return prefix


def claim_deletions(session: Session, limit: int) -> Sequence[Deletion]:
    """Return removals that are due; other sweeps skip them until this transaction ends."""
    return session.scalars(
        select(Deletion)
        .where(Deletion.not_before <= func.now())
        .order_by(Deletion.not_before)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()


def postpone_deletions(session: Session, ids: Sequence[int], delay_s: float) -> None:
    """Keep removals from being claimed again for a while, so that no transaction stays open."""
    for row in session.scalars(select(Deletion).where(Deletion.id.in_(ids))):
        row.not_before = func.now() + timedelta(seconds=delay_s)


def forget_deletions(session: Session, ids: Sequence[int]) -> None:
    """Strike removals that are done."""
    session.execute(delete(Deletion).where(Deletion.id.in_(ids)))
