"""A real API server over real parts, and a hand that plays the worker with the real operations."""

import contextlib
import hashlib
import io
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import httpx
import pytest
import uvicorn
from PIL import Image as Picture

from api.app import assemble
from api.parts import make_parts
from cli.embedded.process import find_free_port
from shared.config import Settings
from shared.db import Role, Sessions, close_sessions, make_sessions, transaction
from shared.events.stream import JobEvent, JobStream, make_job_stream
from shared.ids import JobId, TenantId
from shared.images.keys import image_key
from shared.images.make_store import make_store
from shared.images.store import ImageStore
from shared.jobs.claim import ClaimedJob, claim_jobs
from shared.jobs.extend import extend_leases
from shared.jobs.finish import FinishedImage, complete_job
from shared.tenants.create_key import create_key
from shared.tenants.create_tenant import get_or_create_tenant
from shared.tenants.keys import Scope
from tests.servers import RunningPostgres, RunningRedis, make_settings

BODY = {"task": "text-to-image", "prompt": "a red circle left of a blue square"}
JSON = {"Content-Type": "application/json"}
RECEIPT = {
    "model": "mini",
    "weights_sha256": "0" * 64,
    "request": BODY,
    "inputs_sha256": {},
    "seed": 1,
    "scheduler": "DDIMScheduler",
    "scheduler_config": {"prediction_type": "epsilon"},
    "versions": {"torch": "2"},
    "device": "a device",
    "dtype": "float32",
    "pixels_sha256": "1" * 64,
}


def text_of(**fields: object) -> str:
    return json.dumps(BODY | fields)


@contextlib.contextmanager
def serve(settings: Settings) -> Iterator[str]:
    """Yield the address of an API server on a thread of this process."""
    port = find_free_port()
    app = assemble(make_parts(settings))
    config = uvicorn.Config(app, port=port, log_level="warning", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the API did not start"
        time.sleep(0.01)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(timeout=20)


@dataclass
class Keys:
    """Two tenants with a key each, and a way to make more."""

    admin: Sessions
    tenant_id: TenantId
    first: str
    second: str

    def make(self, *scopes: Scope, tenant: str = "first") -> str:
        with transaction(self.admin) as session:
            tenant_id = TenantId(get_or_create_tenant(session, tenant).id)
            return create_key(session, tenant_id, "test", scopes)[1]


@contextlib.contextmanager
def keys_of(settings: Settings) -> Iterator[Keys]:
    """Yield the keys of two new tenants."""
    admin = make_sessions(settings, Role.ADMIN)
    with transaction(admin) as session:
        tenant_id = TenantId(get_or_create_tenant(session, "first").id)
    made = Keys(admin, tenant_id, "", "")
    both = (Scope.JOBS_READ, Scope.JOBS_WRITE)
    made.first, made.second = made.make(*both), made.make(*both, tenant="second")
    yield made
    close_sessions(admin)


@pytest.fixture
def keys(settings: Settings) -> Iterator[Keys]:
    with keys_of(settings) as made:
        yield made


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


@pytest.fixture
def api(settings: Settings, keys: Keys) -> Iterator[httpx.Client]:
    """A client of the first tenant."""
    with (
        serve(settings) as url,
        httpx.Client(base_url=url, headers=bearer(keys.first), timeout=20) as client,
    ):
        yield client


@pytest.fixture
def other(api: httpx.Client, keys: Keys) -> Iterator[httpx.Client]:
    """A client of the second tenant, of the same server."""
    with httpx.Client(base_url=api.base_url, headers=bearer(keys.second), timeout=20) as client:
        yield client


@dataclass
class Hand:
    """Does what a worker does to rows, store and stream, when a test says so."""

    sessions: Sessions
    store: ImageStore
    stream: JobStream

    def claim(self, limit: int = 8) -> list[ClaimedJob]:
        with transaction(self.sessions) as session:
            return claim_jobs(session, "default", "hand", limit, 30)

    def report(self, job: ClaimedJob, step: int) -> None:
        with transaction(self.sessions) as session:
            extend_leases(session, {job.held: step}, 30)

    def tell(self, job_id: JobId, kind: JobEvent, **data: object) -> None:
        self.stream.publish(job_id, kind, data)

    def finish(self, job: ClaimedJob, *, is_told: bool = True) -> list[bytes]:
        """Complete a claimed job with plain pictures; returns their bytes."""
        images, files = [], []
        for index in range(job.request["num_images"]):
            key = image_key(job.tenant_id, job.held.job_id, job.held.attempt, index, "png")
            data = draw(index)
            self.store.put(key, data, "image/png")
            files.append(data)
            images.append(
                FinishedImage(
                    index=index,
                    kind="image",
                    seed=job.request["seed"] + index,
                    width_px=8,
                    height_px=8,
                    format="png",
                    size_bytes=len(data),
                    sha256=hashlib.sha256(data).hexdigest(),
                    key=key,
                    receipt=RECEIPT | {"index": index},
                )
            )
        with transaction(self.sessions) as session:
            complete_job(session, job.held, images, [])
        if is_told:
            self.tell(job.held.job_id, JobEvent.DONE, status="succeeded")
        return files

    def run_one(self) -> list[bytes]:
        [job] = self.claim(1)
        return self.finish(job)


def draw(shade: int) -> bytes:
    buffer = io.BytesIO()
    Picture.new("RGB", (8, 8), (shade * 20, 90, 200)).save(buffer, "png")
    return buffer.getvalue()


@pytest.fixture
def hand(settings: Settings) -> Iterator[Hand]:
    sessions = make_sessions(settings, Role.WORKER)
    yield Hand(sessions, make_store(settings), make_job_stream(settings))
    close_sessions(sessions)


def assert_problem(answer: httpx.Response, status: int, slug: str) -> dict[str, object]:
    """Check that an answer is the problem it should be; return its body."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"]
    body: dict[str, object] = answer.json()
    assert body["type"] == f"/problems/{slug}"
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert body["instance"]
    return body


@pytest.fixture
def redis_away(settings: Settings, redis_server: RunningRedis) -> Iterator[Callable[[], None]]:
    """Call it to kill Redis for the rest of the test."""

    def kill() -> None:
        redis_server.process.kill()
        redis_server.process.wait()

    yield kill
    if redis_server.process.poll() is not None:
        redis_server.start()


@pytest.fixture(scope="module")
def api_for_all(
    postgres: RunningPostgres,
    template_database: str,
    redis_server: RunningRedis,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[httpx.Client]:
    """One server for a whole module of tests that leave nothing another would notice."""
    name = postgres.create_database(template_database)
    settings = make_settings(
        database_url=postgres.database_url(name),
        redis_url=redis_server.url(0),
        cache_url=redis_server.url(1),
        store_url=f"file://{tmp_path_factory.mktemp('images')}",
    )
    with (
        keys_of(settings) as keys,
        serve(settings) as url,
        httpx.Client(base_url=url, headers=bearer(keys.first), timeout=20) as client,
    ):
        yield client
    postgres.drop_database(name)
