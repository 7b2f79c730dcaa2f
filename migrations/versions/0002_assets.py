"""Input pictures, priorities, kinds of images and their receipts.

Revision ID: 0002
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    # the defaults let the code before this migration write rows while it is being replaced
    op.add_column(
        "jobs",
        sa.Column("priority", sa.SmallInteger(), server_default=sa.text("1"), nullable=False),
    )
    op.add_column(
        "images", sa.Column("kind", sa.TEXT(), server_default=sa.text("'image'"), nullable=False)
    )
    op.add_column(
        "images", sa.Column("receipt", postgresql.JSONB(astext_type=sa.Text()), nullable=True)
    )
    _create_assets()
    op.execute(sa.text(_read("0002_access.sql")))


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(sa.text(_read("0002_access_before.sql")))
    op.drop_table("assets")
    op.drop_column("images", "receipt")
    op.drop_column("images", "kind")
    op.drop_column("jobs", "priority")


def _create_assets() -> None:
    op.create_table(
        "assets",
        sa.Column("id", sa.TEXT(), nullable=False),
        sa.Column("tenant_id", sa.TEXT(), nullable=False),
        sa.Column("job_id", sa.TEXT(), nullable=True),
        sa.Column("width_px", sa.Integer(), nullable=False),
        sa.Column("height_px", sa.Integer(), nullable=False),
        sa.Column("has_alpha", sa.Boolean(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.TEXT(), nullable=False),
        sa.Column("key", sa.TEXT(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_assets_tenant_id")),
        sa.ForeignKeyConstraint(
            ["job_id"], ["jobs.id"], name=op.f("fk_assets_job_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assets")),
        sa.UniqueConstraint("key", name=op.f("uq_assets_key")),
    )
    op.create_index("ix_assets_tenant", "assets", ["tenant_id", "id"], unique=False)
    op.create_index(op.f("ix_assets_job_id"), "assets", ["job_id"], unique=False)


def _read(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")
