"""Turns that jobs of one tenant exchange, so that the urgent go first and no stranger waits longer.

Revision ID: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

QUEUED = sa.text("status = 'queued'")
TURN = sa.text("COALESCE(turn, id)")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column("jobs", sa.Column("turn", sa.TEXT(), nullable=True))
    op.create_index("ix_jobs_turn", "jobs", ["pool", TURN], postgresql_where=QUEUED)
    op.create_index(
        "ix_jobs_lane", "jobs", ["tenant_id", "pool", "priority", TURN], postgresql_where=QUEUED
    )
    op.drop_index("ix_jobs_queued", table_name="jobs")


def downgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_index("ix_jobs_queued", "jobs", ["pool", "id"], postgresql_where=QUEUED)
    op.drop_index("ix_jobs_lane", table_name="jobs")
    op.drop_index("ix_jobs_turn", table_name="jobs")
    op.drop_column("jobs", "turn")
