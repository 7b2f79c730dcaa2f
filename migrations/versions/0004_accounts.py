"""Quotas: what each tenant may use in a month, what is reserved and what was used.

Revision ID: 0004
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("tenants", sa.Column("monthly_quota", sa.BigInteger(), nullable=True))
    # jobs of the code before this migration reserve nothing, and say so by having no period
    for table in ("jobs", "usage_records"):
        op.add_column(table, sa.Column("period", sa.Date(), nullable=True))
        op.add_column(table, sa.Column("key_id", sa.TEXT(), nullable=True))
    op.create_table(
        "accounts",
        sa.Column("tenant_id", sa.TEXT(), nullable=False),
        sa.Column("period", sa.Date(), nullable=False),
        sa.Column("reserved", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=False),
        sa.Column("topped_up", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name=op.f("fk_accounts_tenant_id")),
        sa.PrimaryKeyConstraint("tenant_id", "period", name=op.f("pk_accounts")),
    )
    op.create_index(
        "ix_usage_records_period", "usage_records", ["tenant_id", "period"], unique=False
    )
    op.execute(sa.text(_read("0004_access.sql")))


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(sa.text(_read("0004_access_before.sql")))
    op.drop_index("ix_usage_records_period", table_name="usage_records")
    op.drop_table("accounts")
    for table in ("usage_records", "jobs"):
        op.drop_column(table, "key_id")
        op.drop_column(table, "period")
    op.drop_column("tenants", "monthly_quota")


def _read(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")
