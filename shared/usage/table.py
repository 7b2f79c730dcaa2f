"""The ledger as stored: one line a job, written once."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Date, DateTime, ForeignKey, Index
from sqlalchemy.dialects.postgresql import TEXT
from sqlalchemy.orm import Mapped, mapped_column

from shared.db import Row


class UsageRecord(Row):
    """What one job consumed. Outlives the job; no role may change or remove it.

    Attributes:
        period: The month it counts toward; None in lines from before there were quotas.
        key_id: The API key that asked for the job; None likewise.
    """

    __tablename__ = "usage_records"
    __table_args__ = (Index("ix_usage_records_period", "tenant_id", "period"),)

    id: Mapped[str] = mapped_column(TEXT, primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"), index=True)
    job_id: Mapped[str] = mapped_column(TEXT, unique=True)
    model: Mapped[str] = mapped_column(TEXT)
    task: Mapped[str] = mapped_column(TEXT)
    end_status: Mapped[str] = mapped_column(TEXT)
    pixel_steps: Mapped[int] = mapped_column(BigInteger)
    num_images: Mapped[int]
    period: Mapped[date | None] = mapped_column(Date)
    key_id: Mapped[str | None] = mapped_column(TEXT)
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))


class Account(Row):
    """What one tenant holds of one month's quota; its sums always equal the ledger's.

    Attributes:
        period: The month's first day, UTC.
        reserved: Pixel-steps of jobs that have not ended; a job is settled in the period it was
            reserved in, however late it ends.
        used: Pixel-steps of the ledger's lines of this period.
        topped_up: Pixel-steps that an admin added for this month alone.
    """

    __tablename__ = "accounts"

    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    period: Mapped[date] = mapped_column(Date, primary_key=True)
    reserved: Mapped[int] = mapped_column(BigInteger)
    used: Mapped[int] = mapped_column(BigInteger)
    topped_up: Mapped[int] = mapped_column(BigInteger)
