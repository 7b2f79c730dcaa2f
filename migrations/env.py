"""What Alembic runs: it migrates the one connection that `migrations.run` opened."""

from alembic import context

from shared.assets.table import Asset
from shared.images.table import Image
from shared.jobs.table import Job
from shared.tenants.table import Tenant
from shared.usage.table import UsageRecord

TABLES = (Asset, Image, Job, Tenant, UsageRecord)  # importing them fills the metadata


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=TABLES[0].metadata,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
