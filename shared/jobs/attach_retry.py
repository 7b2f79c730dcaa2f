"""Blind retries: a client library that repeats a call whose answer it lost pays once.

Such libraries count their retries in a header and send no idempotency key. The same body again
without that count is another wish, and makes another job.
"""

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from shared.ids import KeyId, TenantId
from shared.jobs.table import Job, RetryAttachment

WINDOW = timedelta(minutes=15)
_MAX_CANDIDATES = 8  # retries that race for the same job look at the next older one


def attach_retry(
    session: Session, tenant_id: TenantId, key_id: KeyId, fingerprint: bytes, retry_count: int
) -> Job | None:
    """Return the newest job that this retry may be for, and let no other of its count have it.

    Args:
        session: Of the API.
        tenant_id: Whose job.
        key_id: The API key of both calls.
        fingerprint: Of route and body.
        retry_count: As the client counts, from 1.
    """
    is_attached = (
        select(RetryAttachment)
        .where(RetryAttachment.job_id == Job.id, RetryAttachment.retry_count == retry_count)
        .exists()
    )
    candidates = session.scalars(
        select(Job)
        .where(
            Job.tenant_id == tenant_id,
            Job.key_id == key_id,
            Job.fingerprint == fingerprint,
            Job.created_at > func.now() - WINDOW,
            ~is_attached,
        )
        .order_by(Job.id.desc())
        .limit(_MAX_CANDIDATES)
    ).all()
    for job in candidates:
        attached = insert(RetryAttachment).values(
            job_id=job.id, tenant_id=tenant_id, retry_count=retry_count
        )
        if session.scalar(attached.on_conflict_do_nothing().returning(RetryAttachment.job_id)):
            return job
    return None
