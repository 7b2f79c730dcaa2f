"""The tables that the migrations make are those that the code declares."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Column, Integer, MetaData, Table, create_engine

from migrations.run import migrate
from shared.assets.table import Asset
from shared.config import Settings
from shared.db import Row, driver_url
from shared.images.table import Image
from shared.jobs.table import Job
from shared.tenants.table import Tenant
from shared.usage.table import UsageRecord

TABLES = (Asset, Image, Job, Tenant, UsageRecord)  # importing them fills the metadata


def find_differences(settings: Settings, declared: MetaData) -> list[tuple[object, ...]]:
    url = settings.migrations_database_url
    assert url is not None
    engine = create_engine(driver_url(url.get_secret_value()))
    with engine.connect() as connection:
        found = compare_metadata(MigrationContext.configure(connection), declared)
    engine.dispose()
    return list(found)


def test_migrations_make_what_the_code_declares(settings: Settings) -> None:
    assert find_differences(settings, Row.metadata) == []


def test_a_table_nobody_migrated_is_seen(settings: Settings) -> None:
    declared = MetaData()
    for table in Row.metadata.tables.values():
        table.to_metadata(declared)
    Table("forgotten", declared, Column("id", Integer, primary_key=True))
    assert [found[0] for found in find_differences(settings, declared)] == ["add_table"]


def test_migrating_twice_changes_nothing(settings: Settings) -> None:
    migrate(settings)
    assert find_differences(settings, Row.metadata) == []
