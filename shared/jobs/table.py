"""Jobs and what belongs to the queue, as stored."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Date,
    DateTime,
    Enum,
    ForeignKey,
    Index,
    LargeBinary,
    SmallInteger,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from shared.db import Row
from shared.jobs.status import JobStatus
from shared.tenants.table import Tenant


def _stored_values(statuses: type[JobStatus]) -> list[str]:
    return [status.value for status in statuses]


class Job(Row):
    """One accepted request, from queued to an end status.

    `attempt` counts claims and fences every write of a worker; `lost_attempts` counts the leases
    that expired. `turn` is the id of another of the tenant's jobs, set by a claim that took one
    of the two before the other. Both lease columns are set while the job runs, and only then.
    `period` is the month whose quota it was reserved in, `key_id` the API key that asked for it,
    `fingerprint` a hash of the route and the body it came with.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        Index(
            "ix_jobs_turn",
            "pool",
            text("COALESCE(turn, id)"),
            postgresql_where=text("status = 'queued'"),
        ),
        Index(
            "ix_jobs_lane",
            "tenant_id",
            "pool",
            "priority",
            text("COALESCE(turn, id)"),
            postgresql_where=text("status = 'queued'"),
        ),
        Index("ix_jobs_lease", "lease_expires_at", postgresql_where=text("status = 'running'")),
        Index(
            "ix_jobs_deadline",
            "deadline_at",
            postgresql_where=text("status IN ('queued', 'running')"),
        ),
        Index("ix_jobs_tenant", "tenant_id", "id"),
        Index("ix_jobs_metadata", "metadata", postgresql_using="gin"),
        Index(
            "ix_jobs_fingerprint",
            "fingerprint",
            "id",
            postgresql_where=text("fingerprint IS NOT NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(TEXT, primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey(Tenant.id))
    task: Mapped[str] = mapped_column(TEXT)
    model: Mapped[str] = mapped_column(TEXT)
    pool: Mapped[str] = mapped_column(TEXT)
    priority: Mapped[int] = mapped_column(SmallInteger, server_default=text("1"))
    turn: Mapped[str | None] = mapped_column(TEXT)
    status: Mapped[JobStatus] = mapped_column(
        Enum(JobStatus, native_enum=False, length=16, values_callable=_stored_values)
    )
    request: Mapped[dict[str, Any]] = mapped_column(JSONB)
    labels: Mapped[dict[str, str]] = mapped_column("metadata", JSONB)
    warnings: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    attempt: Mapped[int]
    lost_attempts: Mapped[int] = mapped_column(SmallInteger)
    lease_owner: Mapped[str | None] = mapped_column(TEXT)
    lease_expires_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    cancel_requested_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    progress_step: Mapped[int]
    num_steps: Mapped[int]
    cost_reserved: Mapped[int] = mapped_column(BigInteger)
    cost_settled: Mapped[int | None] = mapped_column(BigInteger)
    period: Mapped[date | None] = mapped_column(Date)
    key_id: Mapped[str | None] = mapped_column(TEXT)
    fingerprint: Mapped[bytes | None] = mapped_column(LargeBinary)
    error_code: Mapped[str | None] = mapped_column(TEXT)
    error_message: Mapped[str | None] = mapped_column(TEXT)
    is_retryable: Mapped[bool | None]
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    queued_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    deadline_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    started_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    finished_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


# Where a job stands in its pool: by its age, or where the job was that it left its turn to.
TURN = func.coalesce(Job.turn, Job.id)


class IdempotencyKey(Row):
    """A client's name for one intent, and the job it made; outlives that job."""

    __tablename__ = "idempotency_keys"

    tenant_id: Mapped[str] = mapped_column(ForeignKey(Tenant.id), primary_key=True)
    key: Mapped[str] = mapped_column(TEXT, primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    job_id: Mapped[str] = mapped_column(TEXT)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)


class RetryAttachment(Row):
    """A blind retry that found its job; `retry_count` is the client's, and finds it once."""

    __tablename__ = "retry_attachments"

    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey(Tenant.id))
    retry_count: Mapped[int] = mapped_column(primary_key=True)


class Pool(Row):
    """The workers that serve a set of models; claims of a pool hold this row."""

    __tablename__ = "pools"

    name: Mapped[str] = mapped_column(TEXT, primary_key=True)


class WorkerRow(Row):
    """A worker that was seen alive: what it is and what it has loaded."""

    __tablename__ = "workers"

    id: Mapped[str] = mapped_column(TEXT, primary_key=True)
    pool: Mapped[str] = mapped_column(TEXT, index=True)
    device: Mapped[str] = mapped_column(TEXT)
    dtype: Mapped[str] = mapped_column(TEXT)
    slots: Mapped[int]
    models: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    loading: Mapped[str | None] = mapped_column(TEXT)
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    seen_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Deletion(Row):
    """Objects that must go, and when: removed by the sweep however often it takes."""

    __tablename__ = "deletions"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey(Tenant.id))
    prefix: Mapped[str] = mapped_column(TEXT)
    not_before: Mapped[datetime] = mapped_column(DateTime(timezone=True), index=True)
