"""A tenant, and the three roles' sessions on a database of its own."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from shared.config import Settings
from shared.db import Role, Sessions, close_sessions, make_sessions, set_tenant, transaction
from shared.ids import JobId, TenantId
from shared.jobs.claim import ClaimedJob, claim_jobs
from shared.jobs.requests import TextToImageRequest
from shared.jobs.submit import Submission, Submitted, submit_job
from shared.models.catalog import Catalog
from shared.tenants.create_tenant import get_or_create_tenant

CATALOG = Path(__file__).parents[3] / "models" / "catalog.toml"


@dataclass
class Bench:
    """The parts that the operations need, with short ways to submit and claim."""

    api: Sessions
    worker: Sessions
    admin: Sessions
    tenant_id: TenantId

    def tenant(self, name: str) -> TenantId:
        with transaction(self.admin) as session:
            return TenantId(get_or_create_tenant(session, name).id)

    def submission(self, key: str | None = None, **fields: object) -> Submission:
        body = {"task": "text-to-image", "prompt": "a red circle"} | fields
        request = TextToImageRequest.model_validate(body)
        return Submission(
            request=request,
            catalog=Catalog.load(CATALOG),
            idempotency_key=key,
            idempotency_lifetime_s=60,
        )

    def submit(self, key: str | None = None, **fields: object) -> Submitted:
        with transaction(self.api) as session:
            set_tenant(session, self.tenant_id)
            return submit_job(session, self.tenant_id, self.submission(key, **fields))

    def submit_id(self, **fields: object) -> JobId:
        return JobId(self.submit(None, **fields).job.id)

    def claim(self, limit: int = 8, worker_id: str = "w1", lease_s: float = 30) -> list[ClaimedJob]:
        with transaction(self.worker) as session:
            return claim_jobs(session, "default", worker_id, limit, lease_s)


@contextlib.contextmanager
def open_bench(settings: Settings) -> Iterator[Bench]:
    """Yield a bench on a migrated database."""
    api, worker, admin = (make_sessions(settings, role) for role in Role)
    with transaction(admin) as session:
        tenant_id = TenantId(get_or_create_tenant(session, "first").id)
    yield Bench(api=api, worker=worker, admin=admin, tenant_id=tenant_id)
    for sessions in (api, worker, admin):
        close_sessions(sessions)


@pytest.fixture
def bench(settings: Settings) -> Iterator[Bench]:
    with open_bench(settings) as opened:
        yield opened
