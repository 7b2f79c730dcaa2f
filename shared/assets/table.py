"""Input pictures as stored."""

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, ForeignKey, Index
from sqlalchemy.dialects.postgresql import TEXT
from sqlalchemy.orm import Mapped, mapped_column

from shared.db import Row


class Asset(Row):
    """A picture that a tenant gave us, as we wrote it anew: PNG, upright, colour or with alpha.

    `job_id` is set where it came inside a request: it is that job's, and goes with it.
    """

    __tablename__ = "assets"
    __table_args__ = (Index("ix_assets_tenant", "tenant_id", "id"),)

    id: Mapped[str] = mapped_column(TEXT, primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    job_id: Mapped[str | None] = mapped_column(
        ForeignKey("jobs.id", ondelete="CASCADE"), index=True
    )
    width_px: Mapped[int]
    height_px: Mapped[int]
    has_alpha: Mapped[bool]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(TEXT)
    key: Mapped[str] = mapped_column(TEXT, unique=True)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
