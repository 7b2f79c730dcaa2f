"""One running service for the tests that only use it; those that break it start their own."""

from collections.abc import Iterator

import pytest

from tests.running_up import RunningUp, up_in
from tests.servers import RunningPostgres, RunningRedis, make_settings
from tests.stack import Stack, run_stack


@pytest.fixture(scope="module")
def stack(
    postgres: RunningPostgres,
    template_database: str,
    redis_server: RunningRedis,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("stack")
    name = postgres.create_database(template_database)
    settings = make_settings(
        database_url=postgres.database_url(name),
        migrations_database_url=postgres.superuser_url(name),
        redis_url=redis_server.url(2),
        cache_url=redis_server.url(3),
        store_url=f"file://{folder / 'images'}",
        home=folder,
        # the machine may be busy with other tests: a lease must not end in between
        lease_s=15,
        stall_s=30,
    )
    with run_stack(settings, folder) as running:
        yield running
    postgres.drop_database(name)


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningUp]:
    """A ready `atelier up` for the tests that only use it."""
    with up_in(tmp_path_factory.mktemp("up")) as running:
        running.start()
        running.await_ready()
        yield running
