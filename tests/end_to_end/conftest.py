"""One running service for the tests that only use it; those that break it start their own."""

from collections.abc import Iterator

import pytest

from tests.running_up import RunningUp, up_in
from tests.servers import RunningPostgres, RunningRedis
from tests.stack import Stack, run_patient_stack


@pytest.fixture(scope="module")
def stack(
    postgres: RunningPostgres,
    template_database: str,
    redis_server: RunningRedis,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("stack")
    with run_patient_stack(postgres, template_database, redis_server, folder) as running:
        yield running


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningUp]:
    """A ready `atelier up` for the tests that only use it."""
    with up_in(tmp_path_factory.mktemp("up")) as running:
        running.start()
        running.await_ready()
        yield running
