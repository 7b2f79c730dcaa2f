"""Bringing a database up to date: roles first, then the schema. Safe to run twice, or at once."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL

from migrations.roles import ensure_roles
from shared.config import Settings
from shared.db import driver_url

_LOCK_ID = 5_419_230_018
_CONNECT_TIMEOUT_S = 5


def migrate(settings: Settings) -> None:
    """Create the roles and run every migration that the database lacks."""
    owner = _owner_url(settings)
    login = driver_url(settings.database_url.get_secret_value())
    engine = create_engine(owner, connect_args={"connect_timeout": _CONNECT_TIMEOUT_S})
    try:
        with engine.begin() as connection:
            ensure_roles(connection, login)
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:id)"), {"id": _LOCK_ID})
            config = make_config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        engine.dispose()


def make_config() -> Config:
    """Return Alembic's configuration; the connection is for the caller to attach."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    return config


def _owner_url(settings: Settings) -> URL:
    url = settings.migrations_database_url or settings.database_url
    return driver_url(url.get_secret_value())
