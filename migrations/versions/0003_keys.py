"""Keys that rotate and say when they were used, suspended tenants, and a log of admin acts.

Revision ID: 0003
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("api_keys", sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True))
    for table in ("tenants", "api_keys"):
        op.add_column(table, sa.Column("requests_per_minute", sa.Integer(), nullable=True))
    op.create_table(
        "admin_acts",
        sa.Column("id", sa.BigInteger(), autoincrement=True, nullable=False),
        sa.Column("actor", sa.TEXT(), nullable=False),
        sa.Column("action", sa.TEXT(), nullable=False),
        sa.Column("target", sa.TEXT(), nullable=False),
        sa.Column("detail", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admin_acts")),
    )
    op.create_index("ix_admin_acts_target", "admin_acts", ["target", "id"], unique=False)
    op.execute(sa.text(_read("0003_access.sql")))


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(sa.text(_read("0003_access_before.sql")))
    op.drop_table("admin_acts")
    op.execute("DROP FUNCTION guard_admin_acts")
    for table in ("tenants", "api_keys"):
        op.drop_column(table, "requests_per_minute")
    op.drop_column("api_keys", "last_used_at")


def _read(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")
