"""The ledger as stored: one line a job, written once."""

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, ForeignKey
from sqlalchemy.dialects.postgresql import TEXT
from sqlalchemy.orm import Mapped, mapped_column

from shared.db import Row


class UsageRecord(Row):
    """What one job consumed. Outlives the job; no role may change or remove it."""

    __tablename__ = "usage_records"

    id: Mapped[str] = mapped_column(TEXT, primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"), index=True)
    job_id: Mapped[str] = mapped_column(TEXT, unique=True)
    model: Mapped[str] = mapped_column(TEXT)
    task: Mapped[str] = mapped_column(TEXT)
    end_status: Mapped[str] = mapped_column(TEXT)
    pixel_steps: Mapped[int] = mapped_column(BigInteger)
    num_images: Mapped[int]
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
