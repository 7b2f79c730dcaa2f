"""Reads that know no tenant: each shows no more than its caller has already proved or named."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import bindparam, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.orm import Session

from shared.errors import NotFound
from shared.ids import ImageId, JobId, is_well_formed
from shared.jobs.table import WorkerRow

_ENDED = text("SELECT job_id FROM ended_jobs(:job_ids) AS job_id").bindparams(
    bindparam("job_ids", type_=ARRAY(TEXT))
)
_LINKED = text("SELECT key, format, sha256, size_bytes FROM linked_image(:image_id)")


@dataclass(frozen=True, slots=True)
class LinkedImage:
    """What serving a signed link needs."""

    key: str
    format: str
    sha256: str
    size_bytes: int


def find_ended(session: Session, job_ids: Sequence[JobId]) -> set[JobId]:
    """Return which of these jobs have ended or are gone, for callers that wait for them."""
    return {JobId(row.job_id) for row in session.execute(_ENDED, {"job_ids": list(job_ids)})}


def get_linked_image(session: Session, image_id: ImageId) -> LinkedImage:
    """Return the picture behind a link whose signature was checked.

    Raises:
        NotFound: It is gone.
    """
    found = None
    if is_well_formed(image_id, "img") or is_well_formed(image_id, "ast"):
        found = session.execute(_LINKED, {"image_id": image_id}).first()
    if found is None:
        raise NotFound("image")
    return LinkedImage(found.key, found.format, found.sha256, found.size_bytes)


def list_workers(session: Session, seen_within_s: float) -> list[WorkerRow]:
    """Return the workers that gave a sign of life lately."""
    limit = func.now() - timedelta(seconds=seen_within_s)
    return list(
        session.scalars(select(WorkerRow).where(WorkerRow.seen_at > limit).order_by(WorkerRow.id))
    )
