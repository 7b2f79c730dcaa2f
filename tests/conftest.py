"""Servers are started once for the whole run; each test gets a database and stores of its own."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from shared.config import Settings
from tests.servers import (
    RunningPostgres,
    RunningRedis,
    RunningS3,
    make_settings,
    run_postgres,
    run_redis,
    run_s3,
    server_folder,
)

# A shell that runs this in the background has Ctrl-C ignored, and every child would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def servers_folder() -> Iterator[Path]:
    with server_folder() as folder:
        yield folder


@pytest.fixture(scope="session")
def postgres(servers_folder: Path) -> Iterator[RunningPostgres]:
    with run_postgres(servers_folder) as running:
        yield running


@pytest.fixture(scope="session")
def redis_server(servers_folder: Path) -> Iterator[RunningRedis]:
    with run_redis(servers_folder) as running:
        yield running


@pytest.fixture(scope="session")
def s3_server(servers_folder: Path) -> Iterator[RunningS3]:
    with run_s3(servers_folder) as running:
        yield running


@pytest.fixture(scope="session")
def template_database(postgres: RunningPostgres) -> str:
    """A migrated database that no test connects to: each takes a copy."""
    from migrations.run import migrate

    name = postgres.create_database()
    migrate(
        make_settings(
            database_url=postgres.database_url(name),
            migrations_database_url=postgres.superuser_url(name),
        )
    )
    return name


@pytest.fixture
def database(postgres: RunningPostgres, template_database: str) -> Iterator[str]:
    """The name of a migrated database for this test alone."""
    name = postgres.create_database(template_database)
    yield name
    postgres.drop_database(name)


@pytest.fixture
def clean_redis(redis_server: RunningRedis) -> RunningRedis:
    """The Redis server, emptied."""
    with redis.Redis.from_url(redis_server.url()) as client:
        client.flushall()
    return redis_server


@pytest.fixture
def settings(
    postgres: RunningPostgres, database: str, clean_redis: RunningRedis, tmp_path: Path
) -> Settings:
    """Settings for a service with a database, Redis and a folder of pictures of its own."""
    return make_settings(
        database_url=postgres.database_url(database),
        migrations_database_url=postgres.superuser_url(database),
        redis_url=clean_redis.url(0),
        cache_url=clean_redis.url(1),
        store_url=f"file://{tmp_path / 'images'}",
        home=tmp_path,
    )


@pytest.fixture
def s3_settings(settings: Settings, s3_server: RunningS3) -> Settings:
    """The same with pictures in a bucket."""
    bucket = s3_server.create_bucket()
    return settings.model_copy(
        update={"store_url": type(settings.store_url)(s3_server.store_url(bucket))}
    )
