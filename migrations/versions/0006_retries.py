"""Retries that client libraries make blindly find the job they are for.

Revision ID: 0006
"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("jobs", sa.Column("fingerprint", sa.LargeBinary(), nullable=True))
    op.create_index(
        "ix_jobs_fingerprint",
        "jobs",
        ["fingerprint", "id"],
        unique=False,
        postgresql_where=sa.text("fingerprint IS NOT NULL"),
    )
    op.create_table(
        "retry_attachments",
        sa.Column("job_id", sa.TEXT(), nullable=False),
        sa.Column("tenant_id", sa.TEXT(), nullable=False),
        sa.Column("retry_count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"], ["jobs.id"], name=op.f("fk_retry_attachments_job_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_retry_attachments_tenant_id")
        ),
        sa.PrimaryKeyConstraint("job_id", "retry_count", name=op.f("pk_retry_attachments")),
    )
    op.execute(sa.text(Path(__file__).with_name("0006_access.sql").read_text(encoding="utf-8")))


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.drop_table("retry_attachments")
    op.drop_index("ix_jobs_fingerprint", table_name="jobs")
    op.drop_column("jobs", "fingerprint")
