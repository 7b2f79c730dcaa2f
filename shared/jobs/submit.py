"""Accepting a job."""

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from shared.clock import utc_now
from shared.errors import IdempotencyKeyReused, NotFound
from shared.ids import JobId, TenantId, new_job_id
from shared.jobs.queries import find_job
from shared.jobs.request_fields import PRIORITY_RANKS
from shared.jobs.requests import JobRequest
from shared.jobs.resolve import resolve_request
from shared.jobs.status import JobStatus
from shared.jobs.table import IdempotencyKey, Job
from shared.models.catalog import ModelEntry
from shared.usage.price import pixel_steps


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A request, the model it names, and the client's name for this intent, if it has one."""

    request: JobRequest
    model: ModelEntry
    idempotency_key: str | None
    idempotency_lifetime_s: int


@dataclass(frozen=True, slots=True)
class Submitted:
    """The job, and whether an earlier call had made it."""

    job: Job
    is_replay: bool


def submit_job(session: Session, tenant_id: TenantId, submission: Submission) -> Submitted:
    """Queue a job, or return the one that this idempotency key already made.

    Of two calls with the same key at once, the second waits for the first to commit.

    Raises:
        IdempotencyKeyReused: The key was used before with another body.
        NotFound: The key's job was deleted since.
        UnsupportedParameter: The model cannot do what a field asks.
        ValidationFailed: A field is outside what the model takes.
    """
    resolved = resolve_request(submission.request, submission.model)
    job_id = new_job_id()
    if submission.idempotency_key is not None:
        earlier = _remember(session, tenant_id, submission, job_id)
        if earlier is not None:
            return Submitted(earlier, is_replay=True)
    now = utc_now()
    job = Job(
        id=job_id,
        tenant_id=tenant_id,
        task=resolved.task,
        model=resolved.model,
        pool=submission.model.pool,
        priority=PRIORITY_RANKS[resolved.priority],
        status=JobStatus.QUEUED,
        request=resolved.as_json(),
        labels=submission.request.metadata,
        warnings=[],
        attempt=0,
        lost_attempts=0,
        progress_step=0,
        num_steps=resolved.num_inference_steps,
        cost_reserved=pixel_steps(
            resolved.width,
            resolved.height,
            resolved.num_inference_steps,
            resolved.num_images,
            submission.model.price_factor,
        ),
        created_at=now,
        queued_at=now,
        deadline_at=now + timedelta(seconds=submission.request.deadline_seconds),
    )
    session.add(job)
    session.flush()
    return Submitted(job, is_replay=False)


def _remember(
    session: Session, tenant_id: TenantId, submission: Submission, job_id: JobId
) -> Job | None:
    """Name this intent, or return the job that bears the name.

    Raises:
        IdempotencyKeyReused: The name stands for another body.
        NotFound: Its job was deleted.
    """
    fingerprint = _fingerprint(submission.request)
    lifetime = timedelta(seconds=submission.idempotency_lifetime_s)
    statement = insert(IdempotencyKey).values(
        tenant_id=tenant_id,
        key=submission.idempotency_key,
        fingerprint=fingerprint,
        job_id=job_id,
        created_at=func.now(),
    )
    named = session.execute(
        statement.on_conflict_do_update(
            index_elements=[IdempotencyKey.tenant_id, IdempotencyKey.key],
            set_={
                "fingerprint": statement.excluded.fingerprint,
                "job_id": statement.excluded.job_id,
                "created_at": statement.excluded.created_at,
            },
            where=IdempotencyKey.created_at < func.now() - lifetime,
        ).returning(IdempotencyKey.job_id)
    ).first()
    if named is not None:
        return None
    earlier = session.scalars(
        select(IdempotencyKey).where(
            IdempotencyKey.tenant_id == tenant_id, IdempotencyKey.key == submission.idempotency_key
        )
    ).one()
    if earlier.fingerprint != fingerprint:
        raise IdempotencyKeyReused
    job = find_job(session, tenant_id, JobId(earlier.job_id))
    if job is None:
        raise NotFound("job: the one this Idempotency-Key made was deleted")
    return job


def _fingerprint(request: JobRequest) -> bytes:
    body = request.model_dump(mode="json", exclude_unset=True)
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).digest()
