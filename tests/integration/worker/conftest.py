"""A worker in this process: the real parts on a tiny model, with a hand on each."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import redis
from sqlalchemy import select

from shared.config import Settings
from shared.db import Role, Sessions, close_sessions, make_sessions, set_tenant, transaction
from shared.events.stream import stream_key
from shared.ids import JobId, TenantId
from shared.images.table import Image
from shared.jobs.cancel import cancel_job
from shared.jobs.requests import JOB_REQUEST
from shared.jobs.status import JobStatus
from shared.jobs.submit import Submission, submit_job
from shared.jobs.table import Job
from shared.models.catalog import Catalog
from shared.queue import make_celery, make_doorbell
from shared.tenants.create_tenant import get_or_create_tenant
from shared.usage.table import UsageRecord
from tests.servers import make_settings
from tests.tiny_catalog import make_tiny_catalog
from worker.child import assemble
from worker.drain import DrainFlag
from worker.make_engine import ModelShelf, make_shelf
from worker.parts import Parts
from worker.run_shift import run_shift

TIMEOUT_S = 60


@dataclass
class Tenant:
    """A caller: submits, cancels, looks."""

    settings: Settings
    tenant_id: TenantId
    api: Sessions
    admin: Sessions

    def submit(self, **fields: object) -> JobId:
        body = {"task": "text-to-image", "prompt": "a red circle"} | fields
        request = JOB_REQUEST.validate_python(body)
        submission = Submission(
            request=request,
            catalog=Catalog.load(self.settings.catalog),
            idempotency_key=None,
            idempotency_lifetime_s=60,
        )
        with transaction(self.api) as session:
            set_tenant(session, self.tenant_id)
            return JobId(submit_job(session, self.tenant_id, submission).job.id)

    def cancel(self, job_id: JobId) -> None:
        with transaction(self.api) as session:
            set_tenant(session, self.tenant_id)
            cancel_job(session, self.tenant_id, job_id)

    def job(self, job_id: JobId) -> Job:
        with transaction(self.admin) as session:
            return session.get_one(Job, job_id)

    def wait_for(self, job_id: JobId, status: JobStatus) -> None:
        eventually(lambda: self.job(job_id).status is status)

    def images(self, job_id: JobId) -> list[Image]:
        with transaction(self.admin) as session:
            return list(session.scalars(select(Image).where(Image.job_id == job_id)))

    def usage(self, job_id: JobId) -> list[UsageRecord]:
        with transaction(self.admin) as session:
            records = select(UsageRecord).where(UsageRecord.job_id == job_id)
            return list(session.scalars(records))

    def events(self, job_id: JobId) -> list[tuple[str, str]]:
        """Return (type, data as JSON) of all that the job's stream says."""
        assert self.settings.cache_url is not None
        with redis.Redis.from_url(self.settings.cache_url.get_secret_value()) as client:
            entries: Any = client.xrange(stream_key(job_id))
        return [(one[b"type"].decode(), one[b"data"].decode()) for _, one in entries]


@dataclass
class Shift:
    """A shift that runs on a thread."""

    parts: Parts
    errors: list[BaseException] = field(default_factory=list)
    thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        try:
            run_shift(self.parts)
        except BaseException as error:
            self.errors.append(error)
            raise

    def join(self) -> None:
        self.thread.join(TIMEOUT_S)
        assert not self.thread.is_alive(), "the shift goes on"
        assert not self.errors
        assert not len(self.parts.held)
        assert not self.parts.shelf.engine.has_work


def eventually(what: Callable[[], Any], timeout_s: float = TIMEOUT_S) -> Any:
    """Return the first true answer."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if answer := what():
            return answer
        time.sleep(0.02)
    raise TimeoutError


@pytest.fixture(scope="session")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_catalog(tmp_path_factory.mktemp("catalog"))


@pytest.fixture(scope="session")
def shelf(catalog: Path) -> ModelShelf:
    """One engine for all tests; each leaves it empty."""
    shelf = make_shelf(make_settings(catalog=catalog, device="cpu", slots=4))
    shelf.load_pool()
    return shelf


@pytest.fixture
def settings(settings: Settings, catalog: Path) -> Settings:
    quick = {"catalog": catalog, "device": "cpu", "slots": 4, "shift_linger_s": 0.3}
    return settings.model_copy(update=quick)


@pytest.fixture
def tenant(settings: Settings) -> Iterator[Tenant]:
    api, admin = (make_sessions(settings, role) for role in (Role.API, Role.ADMIN))
    with transaction(admin) as session:
        tenant_id = TenantId(get_or_create_tenant(session, "first").id)
    yield Tenant(settings, tenant_id, api, admin)
    for sessions in (api, admin):
        close_sessions(sessions)


StartWorker = Callable[..., Parts]


@pytest.fixture
def start_worker(settings: Settings, shelf: ModelShelf, tmp_path: Path) -> Iterator[StartWorker]:
    """Start a worker with some settings changed; its threads end with the test."""
    stops: list[Callable[[], None]] = []

    def start(**changes: object) -> Parts:
        # a fuse that burned down would end the test run
        own = settings.model_copy(update={"stall_s": 3600, "load_stall_s": 3600} | changes)
        doorbell = make_doorbell(own, make_celery(own))
        parts, threads = assemble(own, "worker-1", shelf, DrainFlag(tmp_path / "drain"), doorbell)
        stops.extend((partial(close_sessions, parts.sessions), parts.watchdog.stop, threads.close))
        return parts

    yield start
    for stop in reversed(stops):
        stop()


@pytest.fixture
def parts(start_worker: StartWorker) -> Parts:
    return start_worker()


@pytest.fixture
def slow_parts(start_worker: StartWorker) -> Parts:
    """A worker that takes long enough over a step to be disturbed."""
    return start_worker(fault_point="tick:sleep=0.03")


@pytest.fixture
def start_shift() -> Iterator[Callable[[Parts], Shift]]:
    """Run a shift on a thread; it is drained at the test's end."""
    shifts: list[Shift] = []

    def start(parts: Parts) -> Shift:
        shift = Shift(parts)
        shift.thread.start()
        shifts.append(shift)
        return shift

    yield start
    for shift in shifts:
        shift.parts.drain.raise_here()
        shift.thread.join(TIMEOUT_S)
