"""The whole service as real processes: API, worker and sweep, on the servers of the fixtures."""

import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from cli.embedded.process import Command, find_free_port, start_process, stop_process
from shared.config import Settings, process_environment
from shared.db import Role, close_sessions, make_sessions, transaction
from shared.ids import TenantId
from shared.tenants.create_key import create_key
from shared.tenants.create_tenant import get_or_create_tenant
from shared.tenants.keys import Scope
from tests.servers import RunningPostgres, RunningRedis, make_settings

ROOT = Path(__file__).parents[1]
READY_TIMEOUT_S = 240
STOP_GRACE_S = 30


@dataclass(slots=True, kw_only=True)
class Stack:
    """A running service that tests may break part by part."""

    settings: Settings
    folder: Path
    key: str
    tenant_id: TenantId
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.settings.port}"

    def client(self, timeout_s: float = 90) -> httpx.Client:
        """Return a client that bears the tenant's key."""
        headers = {"Authorization": f"Bearer {self.key}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=timeout_s)

    def start(self, part: str, **overrides: object) -> subprocess.Popen[bytes]:
        """Start `api`, `worker` or `sweep`, in a process group of its own."""
        settings = self.settings.model_copy(update=overrides)
        command = Command(
            arguments=(sys.executable, "-m", "cli.main", part),
            environment=process_environment(settings),
            folder=ROOT,
        )
        process = start_process(command, self.log(part))
        self.processes[part] = process
        return process

    def stop(self, part: str) -> None:
        """Stop a part as an operator would, and kill what is left."""
        stop_process(self.processes.pop(part), signal.SIGTERM, STOP_GRACE_S)

    def log(self, part: str) -> Path:
        return self.folder / f"{part}.log"

    def wait_until_ready(self) -> None:
        """Return when the API is ready and a worker has shown itself."""
        deadline = time.monotonic() + READY_TIMEOUT_S
        with self.client(timeout_s=5) as client:
            while time.monotonic() < deadline:
                if self._is_ready(client):
                    return
                time.sleep(0.1)
        logs = "\n".join(path.read_text()[-4000:] for path in self.folder.glob("*.log"))
        raise TimeoutError(f"the service was not ready in {READY_TIMEOUT_S} s\n{logs}")

    def generate(self, client: httpx.Client, **fields: Any) -> dict[str, Any]:
        """Run one job to its end and return it."""
        body = {"task": "text-to-image", "prompt": "a red circle"} | fields
        answer = client.post("/v1/jobs", json=body, headers={"Prefer": "wait=60"})
        assert answer.status_code == 201, answer.text
        job: dict[str, Any] = answer.json()
        assert job["status"] == "succeeded", job
        return job

    def picture(self, job: dict[str, Any], index: int = 0) -> bytes:
        """Return the bytes of one picture of an ended job; its link needs no key."""
        answer = httpx.get(job["images"][index]["url"], timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.content

    def _is_ready(self, client: httpx.Client) -> bool:
        try:
            if client.get("/readyz").status_code != 200:
                return False
            models = client.get("/v1/models").json()["data"]
        except httpx.TransportError:
            return False
        return "worker" not in self.processes or any(model["workers"]["warm"] for model in models)


@contextmanager
def run_stack(
    settings: Settings, folder: Path, parts: tuple[str, ...] = ("api", "worker", "sweep")
) -> Iterator[Stack]:
    """Yield a running service on a migrated database."""
    port = find_free_port()
    settings = settings.model_copy(
        update={"port": port, "public_url": f"http://127.0.0.1:{port}", "log_level": "INFO"}
    )
    tenant_id, key = new_tenant(settings)
    stack = Stack(settings=settings, folder=folder, key=key, tenant_id=tenant_id)
    try:
        for part in parts:
            stack.start(part)
        stack.wait_until_ready()
        yield stack
    finally:
        for part in list(stack.processes):
            stack.stop(part)


@contextmanager
def run_patient_stack(
    postgres: RunningPostgres,
    template_database: str,
    redis_server: RunningRedis,
    folder: Path,
    **changes: object,
) -> Iterator[Stack]:
    """Yield a service on a database of its own, for tests that only use it."""
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
        **changes,
    )
    with run_stack(settings, folder) as running:
        yield running
    postgres.drop_database(name)


def new_tenant(settings: Settings) -> tuple[TenantId, str]:
    """Open an account and issue a key for it."""
    sessions = make_sessions(settings, Role.ADMIN)
    try:
        with transaction(sessions) as session:
            name = f"tenant-{secrets.token_hex(4)}"
            tenant_id = TenantId(get_or_create_tenant(session, name).id)
            scopes = (Scope.JOBS_READ, Scope.JOBS_WRITE)
            return tenant_id, create_key(session, tenant_id, "test", scopes)[1]
    finally:
        close_sessions(sessions)
