"""What a worker says of a job it holds: done, failed, canceled, or handed back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shared.clock import utc_now
from shared.errors import LeaseLost
from shared.ids import new_image_id
from shared.images.formats import ImageKind
from shared.images.table import Image
from shared.jobs.claim import Held
from shared.jobs.remove_objects import remove_attempt
from shared.jobs.settle import cost_of_steps, settle_job
from shared.jobs.status import JobErrorCode, JobStatus, check_move
from shared.jobs.table import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedImage:
    """One stored picture: where it lies, what it is, and what it was made with."""

    index: int
    kind: ImageKind
    seed: int
    width_px: int
    height_px: int
    format: str
    size_bytes: int
    sha256: str
    key: str
    receipt: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a job failed, and whether asking again may help."""

    code: JobErrorCode
    message: str
    is_retryable: bool


def complete_job(
    session: Session, held: Held, images: Sequence[FinishedImage], warnings: Sequence[str]
) -> None:
    """End a held job as succeeded, with its pictures and its full cost.

    Raises:
        LeaseLost: This attempt no longer holds the job.
    """
    job = _lock_held(session, held)
    job.warnings = list(warnings)
    job.progress_step = job.num_steps
    now = utc_now()
    session.add_all(
        Image(
            id=new_image_id(),
            tenant_id=job.tenant_id,
            job_id=job.id,
            attempt=held.attempt,
            index=image.index,
            kind=image.kind,
            seed=image.seed,
            width_px=image.width_px,
            height_px=image.height_px,
            format=image.format,
            size_bytes=image.size_bytes,
            sha256=image.sha256,
            key=image.key,
            receipt=image.receipt,
            created_at=now,
        )
        for image in images
    )
    num_images = sum(image.kind != "contact-sheet" for image in images)
    settle_job(
        session, job, JobStatus.SUCCEEDED, pixel_steps=job.cost_reserved, num_images=num_images
    )


def fail_job(session: Session, held: Held, failure: Failure) -> None:
    """End a held job as failed; our failure costs nothing.

    Raises:
        LeaseLost: This attempt no longer holds the job.
    """
    job = _lock_held(session, held)
    set_failure(job, failure)
    settle_job(session, job, JobStatus.FAILED, pixel_steps=0)


def finish_canceled(session: Session, held: Held, steps_done: int) -> None:
    """End a held job as canceled, at the cost of the steps it did.

    Raises:
        LeaseLost: This attempt no longer holds the job.
    """
    job = _lock_held(session, held)
    job.progress_step = max(job.progress_step, min(steps_done, job.num_steps))
    settle_job(session, job, JobStatus.CANCELED, pixel_steps=cost_of_steps(job, job.progress_step))


def release_job(session: Session, held: Held) -> None:
    """Hand a held job back to its queue, as a worker does that must stop; it loses nothing.

    Raises:
        LeaseLost: This attempt no longer holds the job.
    """
    job = _lock_held(session, held)
    if job.cancel_requested_at is not None:
        settle_job(
            session, job, JobStatus.CANCELED, pixel_steps=cost_of_steps(job, job.progress_step)
        )
        return
    remove_attempt(session, job, grace_s=0)
    return_to_queue(job)


def return_to_queue(job: Job) -> None:
    """Make a locked, running job claimable again."""
    check_move(job.status, JobStatus.QUEUED)
    job.status = JobStatus.QUEUED
    job.progress_step = 0
    job.lease_owner = None
    job.lease_expires_at = None
    job.queued_at = func.now()


def set_failure(job: Job, failure: Failure) -> None:
    """Write down why a locked job fails."""
    job.error_code = failure.code.value
    job.error_message = failure.message
    job.is_retryable = failure.is_retryable


def _lock_held(session: Session, held: Held) -> Job:
    """Lock the row that this attempt holds.

    Raises:
        LeaseLost: It holds none.
    """
    job = session.scalar(
        select(Job)
        .where(
            Job.id == held.job_id,
            Job.attempt == held.attempt,
            Job.status == JobStatus.RUNNING,
        )
        .with_for_update()
    )
    if job is None:
        raise LeaseLost(held.job_id, held.attempt)
    return job
