"""Repair: what happens to jobs whose worker or time is gone. Safe to run in several processes."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from shared.ids import JobId
from shared.jobs.finish import Failure, return_to_queue, set_failure
from shared.jobs.remove_objects import remove_attempt
from shared.jobs.settle import settle_job
from shared.jobs.status import JobErrorCode, JobStatus
from shared.jobs.table import IdempotencyKey, Job, WorkerRow

BATCH = 100


def requeue_lost(session: Session, max_lost_attempts: int, grace_s: float) -> list[Job]:
    """Take back jobs whose lease expired; returns them as they are now."""
    return _take_back(session, Job.lease_expires_at < func.now(), max_lost_attempts, grace_s)


def release_worker(
    session: Session, worker_id: str, max_lost_attempts: int, grace_s: float
) -> list[Job]:
    """Take back what an earlier process of this worker held: it is dead, or we were not here."""
    return _take_back(session, Job.lease_owner == worker_id, max_lost_attempts, grace_s)


def expire_overdue(session: Session, grace_s: float) -> list[Job]:
    """Fail jobs past their deadline, queued or running; a worker that runs one finds it gone."""
    overdue = _locked(
        session,
        Job.status.in_([JobStatus.QUEUED, JobStatus.RUNNING]),
        Job.deadline_at < func.now(),
    )
    for job in overdue:
        if job.status is JobStatus.RUNNING:
            remove_attempt(session, job, grace_s)
        set_failure(
            job,
            Failure(
                code=JobErrorCode.DEADLINE_EXCEEDED,
                message="The job did not end by its deadline. Ask for more time or less work.",
                is_retryable=True,
            ),
        )
        settle_job(session, job, JobStatus.FAILED, pixel_steps=0)
    return list(overdue)


def unclaimed_pools(session: Session, older_than_s: float) -> list[str]:
    """Return the pools in which a job has waited for longer than a doorbell should take."""
    age = timedelta(seconds=older_than_s)
    return list(
        session.scalars(
            select(Job.pool)
            .where(Job.status == JobStatus.QUEUED, Job.queued_at < func.now() - age)
            .distinct()
        )
    )


def forget_workers(session: Session, unseen_s: float) -> None:
    """Strike workers that have not been seen for so long."""
    limit = func.now() - timedelta(seconds=unseen_s)
    session.execute(delete(WorkerRow).where(WorkerRow.seen_at < limit))


def forget_idempotency_keys(session: Session, lifetime_s: float) -> None:
    """Strike idempotency keys whose time is over."""
    limit = func.now() - timedelta(seconds=lifetime_s)
    session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < limit))


def _take_back(
    session: Session, which: ColumnElement[bool], max_lost_attempts: int, grace_s: float
) -> list[Job]:
    lost = _locked(session, Job.status == JobStatus.RUNNING, which)
    for job in lost:
        job.lost_attempts += 1
        remove_attempt(session, job, grace_s)
        if job.cancel_requested_at is not None:
            settle_job(session, job, JobStatus.CANCELED, pixel_steps=0)
        elif job.lost_attempts >= max_lost_attempts:
            set_failure(job, _worker_lost(JobId(job.id), job.lost_attempts))
            settle_job(session, job, JobStatus.FAILED, pixel_steps=0)
        else:
            return_to_queue(job)
    session.flush()
    return list(lost)


def _worker_lost(job_id: JobId, times: int) -> Failure:
    return Failure(
        code=JobErrorCode.WORKER_LOST,
        message=f"{times} workers were lost while they ran {job_id}. Try a smaller request.",
        is_retryable=True,
    )


def _locked(session: Session, *which: ColumnElement[bool]) -> Sequence[Job]:
    return session.scalars(
        select(Job).where(*which).order_by(Job.id).limit(BATCH).with_for_update(skip_locked=True)
    ).all()
