"""Tenants and API keys as stored."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, ForeignKey, Index, LargeBinary
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from shared.db import Row


class Tenant(Row):
    """A paying account; every other row belongs to one.

    Attributes:
        suspended_at: Set and cleared by an admin; while it is set, its keys are answered by an
            error of their own and its running jobs finish.
        requests_per_minute: Calls of all its keys together; None is no limit.
        monthly_quota: Pixel-steps that its jobs may use in a month; None is no limit.
    """

    __tablename__ = "tenants"

    id: Mapped[str] = mapped_column(TEXT, primary_key=True)
    name: Mapped[str] = mapped_column(TEXT, unique=True)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    suspended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    requests_per_minute: Mapped[int | None]
    monthly_quota: Mapped[int | None] = mapped_column(BigInteger)


class ApiKey(Row):
    """A credential; only the hash of its secret is kept.

    Attributes:
        last_used_at: To the minute.
        requests_per_minute: Calls with this key; None is no limit beside the tenant's.
    """

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(TEXT, primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"), index=True)
    name: Mapped[str] = mapped_column(TEXT)
    # deferred: the API may write it and never read it
    secret_hash: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    last_used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    requests_per_minute: Mapped[int | None]


class AdminAct(Row):
    """One thing an admin did, written with the act itself; no role may change or remove it.

    Attributes:
        actor: The admin's key, or `command-line`.
        action: What was done, as `tenant.suspended`.
        target: The tenant or key it was done to.
    """

    __tablename__ = "admin_acts"
    __table_args__ = (Index("ix_admin_acts_target", "target", "id"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    actor: Mapped[str] = mapped_column(TEXT)
    action: Mapped[str] = mapped_column(TEXT)
    target: Mapped[str] = mapped_column(TEXT)
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
