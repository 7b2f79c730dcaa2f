"""Bring the database up to date."""

from cli.read_settings import PLACEHOLDER_KEY, read_settings


def run_migrate() -> None:
    """Make roles and tables; no secret is needed for that."""
    from migrations.run import migrate

    settings = read_settings(PLACEHOLDER_KEY)
    migrate(settings)
    print("migrate  the database is up to date")
