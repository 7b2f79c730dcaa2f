"""PostgreSQL is cut off in mid-job and comes back: nothing is lost, nothing is done twice."""

import signal
import time
from collections.abc import Callable, Iterator

import pytest

from migrations.run import migrate
from shared.config import Settings
from shared.jobs.status import JobStatus
from tests.integration.worker.conftest import Shift, StartWorker, Tenant, eventually
from tests.servers import RunningPostgres, run_postgres, server_folder
from worker.parts import Parts

StartShift = Callable[[Parts], Shift]


@pytest.fixture
def own_postgres() -> Iterator[RunningPostgres]:
    with server_folder() as folder, run_postgres(folder) as running:
        yield running


@pytest.fixture
def settings(settings: Settings, own_postgres: RunningPostgres) -> Settings:
    name = own_postgres.create_database()
    secret = type(settings.database_url)
    urls = {
        "database_url": secret(own_postgres.database_url(name)),
        "migrations_database_url": secret(own_postgres.superuser_url(name)),
    }
    settings = settings.model_copy(update=urls)
    migrate(settings)
    return settings


def cut_off(postgres: RunningPostgres) -> None:
    """Stop as a crash does: every connection breaks, nothing is written out."""
    postgres.process.send_signal(signal.SIGQUIT)
    postgres.process.wait()


def test_what_runs_goes_on_without_the_database(
    tenant: Tenant, slow_parts: Parts, start_shift: StartShift, own_postgres: RunningPostgres
) -> None:
    jobs = [tenant.submit(num_inference_steps=40) for _ in range(2)]
    shift = start_shift(slow_parts)
    eventually(lambda: all(tenant.job(job_id).progress_step > 0 for job_id in jobs))
    cut_off(own_postgres)
    time.sleep(1)
    own_postgres.start()
    shift.join()
    for job_id in jobs:
        job = tenant.job(job_id)
        assert (job.status, job.attempt) == (JobStatus.SUCCEEDED, 1)
        assert len(tenant.usage(job_id)) == 1


def test_an_end_that_could_not_be_written_is_written_later(
    tenant: Tenant,
    start_worker: StartWorker,
    start_shift: StartShift,
    own_postgres: RunningPostgres,
    caplog: pytest.LogCaptureFixture,
) -> None:
    parts = start_worker(fault_point="before-finish:sleep=0.5", lease_s=10)
    job_id = tenant.submit(num_inference_steps=2)
    shift = start_shift(parts)
    eventually(lambda: [job for job in parts.held.list_held() if not job.takes_slot])
    cut_off(own_postgres)
    eventually(lambda: "trying again" in caplog.text)
    own_postgres.start()
    shift.join()
    assert (tenant.job(job_id).status, tenant.job(job_id).attempt) == (JobStatus.SUCCEEDED, 1)
    assert len(tenant.images(job_id)) == len(tenant.usage(job_id)) == 1
