"""A service for benchmarks: everything durable, every timer as in the field."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import SecretStr

from migrations.run import migrate
from shared.config import Settings
from tests.servers import run_postgres, run_redis, server_folder
from tests.stack import Stack, run_stack


@contextmanager
def running_service(
    parts: tuple[str, ...] = ("api", "worker", "sweep"),
) -> Iterator[Stack]:
    """Yield a service on servers of its own."""
    with (
        server_folder() as servers,
        run_postgres(servers) as postgres,
        run_redis(servers) as redis_server,
        tempfile.TemporaryDirectory() as folder,
    ):
        name = postgres.create_database()
        settings = Settings(
            secret_key=SecretStr("b" * 40),
            database_url=SecretStr(postgres.database_url(name)),
            migrations_database_url=SecretStr(postgres.superuser_url(name)),
            redis_url=SecretStr(redis_server.url(0)),
            cache_url=SecretStr(redis_server.url(1)),
            store_url=SecretStr(f"file://{folder}/images"),
        )
        migrate(settings)
        with run_stack(settings, Path(folder), parts) as stack:
            yield stack
