"""Accepting a job."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from shared.assets.add_asset import StoredAsset, add_asset
from shared.clock import utc_now
from shared.errors import IdempotencyKeyReused, NotFound
from shared.ids import JobId, KeyId, TenantId, new_job_id
from shared.jobs.attach_retry import attach_retry
from shared.jobs.find_inputs import find_inputs
from shared.jobs.passes import count_pixel_steps, count_steps
from shared.jobs.queries import find_job
from shared.jobs.recall_source import recall_source
from shared.jobs.remove_objects import Note, keep_objects
from shared.jobs.request_fields import PRIORITY_RANKS
from shared.jobs.requests import JobRequest, list_pictures
from shared.jobs.resolve import resolve_request
from shared.jobs.resolved import ResolvedRequest
from shared.jobs.status import JobStatus
from shared.jobs.table import IdempotencyKey, Job
from shared.models.catalog import Catalog, ModelEntry
from shared.usage.account import reserve
from shared.usage.price import price_of


@dataclass(frozen=True, slots=True, kw_only=True)
class InlinePictures:
    """The pictures that came with a request, by JSON pointer, stored for the job they make."""

    job_id: JobId
    note: Note
    stored: Mapping[str, StoredAsset]


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """A request, and what tells whether it is a new intent.

    Attributes:
        idempotency_key: The client's name for the intent, if it has one.
        route: Where it came in: the same body means another thing elsewhere.
        retry_count: How often the client's library has repeated the call blindly.
    """

    request: JobRequest
    catalog: Catalog
    idempotency_key: str | None
    idempotency_lifetime_s: int
    key_id: KeyId | None = None
    route: str = ""
    retry_count: int = 0
    inline: InlinePictures | None = None


@dataclass(frozen=True, slots=True)
class Submitted:
    """The job, and whether an earlier call had made it."""

    job: Job
    is_replay: bool


def submit_job(session: Session, tenant_id: TenantId, submission: Submission) -> Submitted:
    """Queue a job, or return the one that this intent already made.

    Of two calls with the same key at once, the second waits for the first to commit.

    Raises:
        IdempotencyKeyReused: The key was used before with another body.
        NotFound: The key's job was deleted since.
        UnknownModel: The catalog has no such model.
        UnsupportedParameter: The model cannot do what a field asks.
        ValidationFailed: A field is outside what the model takes, or does not fit another.
        InputNotFound: The tenant has no picture that a field names.
        QuotaExceeded: The month's quota does not hold what the job may cost.
    """
    inline = submission.inline
    job_id = inline.job_id if inline else new_job_id()
    fingerprint = _fingerprint(submission)
    earlier = _find_earlier(session, tenant_id, submission, fingerprint, job_id)
    if earlier is not None:
        return Submitted(earlier, is_replay=True)
    request = recall_source(session, tenant_id, submission.request)
    model = submission.catalog.get_model(request.model)
    stored = inline.stored if inline else {}
    pictures = find_inputs(session, tenant_id, list_pictures(request), stored)
    resolved = resolve_request(request, model, pictures)
    job = _make_job(tenant_id, job_id, model, resolved, request)
    job.key_id, job.fingerprint = submission.key_id, fingerprint
    job.period = reserve(session, tenant_id, job.cost_reserved)
    session.add(job)
    session.flush()
    if inline:
        for asset in stored.values():
            add_asset(session, tenant_id, asset, job_id)
        keep_objects(session, inline.note)
    return Submitted(job, is_replay=False)


def _make_job(
    tenant_id: TenantId,
    job_id: JobId,
    model: ModelEntry,
    resolved: ResolvedRequest,
    request: JobRequest,
) -> Job:
    now, num_steps = utc_now(), count_steps(resolved)
    return Job(
        id=job_id,
        tenant_id=tenant_id,
        task=resolved.task,
        model=resolved.model,
        pool=model.pool,
        priority=PRIORITY_RANKS[resolved.priority],
        status=JobStatus.QUEUED,
        request=resolved.as_json(),
        labels=request.metadata,
        warnings=[],
        attempt=0,
        lost_attempts=0,
        progress_step=0,
        num_steps=num_steps,
        cost_reserved=price_of(count_pixel_steps(resolved, num_steps), model.price_factor),
        created_at=now,
        queued_at=now,
        deadline_at=now + timedelta(seconds=request.deadline_seconds),
    )


def _find_earlier(
    session: Session,
    tenant_id: TenantId,
    submission: Submission,
    fingerprint: bytes,
    job_id: JobId,
) -> Job | None:
    """Return the job that this intent made before.

    Raises:
        IdempotencyKeyReused: Its key stands for another body.
        NotFound: Its job was deleted.
    """
    if submission.idempotency_key is not None:
        return _remember(session, tenant_id, submission, fingerprint, job_id)
    if submission.retry_count and submission.key_id is not None:
        count = submission.retry_count
        return attach_retry(session, tenant_id, submission.key_id, fingerprint, count)
    return None


def _remember(
    session: Session,
    tenant_id: TenantId,
    submission: Submission,
    fingerprint: bytes,
    job_id: JobId,
) -> Job | None:
    """Name this intent, or return the job that bears the name.

    Raises:
        IdempotencyKeyReused: The name stands for another body.
        NotFound: Its job was deleted.
    """
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


def _fingerprint(submission: Submission) -> bytes:
    body = submission.request.model_dump(mode="json", exclude_unset=True)
    return hashlib.sha256(json.dumps([submission.route, body], sort_keys=True).encode()).digest()
