"""One running service for all faults; each test breaks it and leaves it whole."""

from collections.abc import Iterator

import pytest

from tests.faults.breakable import Breakable, eventually
from tests.faults.invariants import World
from tests.servers import RunningPostgres, make_settings, run_redis, server_folder
from tests.stack import run_stack
from tests.tiny_catalog import make_tiny_catalog

# A tick takes long enough to be struck in the middle of a generation.
SLOW_TICK = "tick:sleep=0.05"


@pytest.fixture(scope="package")
def running(
    postgres: RunningPostgres, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Breakable]:
    folder = tmp_path_factory.mktemp("faults")
    name = postgres.create_database(template_database)
    with server_folder() as redis_folder, run_redis(redis_folder) as redis_server:
        settings = make_settings(
            database_url=postgres.database_url(name),
            migrations_database_url=postgres.superuser_url(name),
            redis_url=redis_server.url(0),
            cache_url=redis_server.url(1),
            store_url=f"file://{folder / 'images'}",
            home=folder,
            catalog=make_tiny_catalog(folder),
            device="cpu",
            shift_linger_s=0.3,
            orphan_grace_s=1,
            fault_point=SLOW_TICK,
        )
        with run_stack(settings, folder) as stack:
            yield Breakable(
                stack, World(postgres.superuser_url(name), folder / "images"), redis_server
            )
    postgres.drop_database(name)


@pytest.fixture
def service(running: Breakable) -> Iterator[Breakable]:
    """The whole service; after the test it must come to rest, and everything must hold."""
    running.heal()
    yield running
    running.heal()
    running.wait_until_ended()
    images = "SELECT key FROM images"
    keys = {row["key"] for row in running.world.rows(images)}
    eventually(lambda: running.world.files() == keys)
    running.world.check(running.accepted)
    assert "is broken" not in running.stack.log("worker").read_text()  # it died of us alone
