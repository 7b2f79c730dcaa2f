"""One round of the sweep, on real parts."""

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import redis
from sqlalchemy import func, select, update

from shared.config import Settings
from shared.db import Role, close_sessions, make_sessions, transaction
from shared.events.stream import make_job_stream
from shared.images.make_store import make_store
from shared.images.store import ObjectMissing
from shared.jobs.claim import claim_jobs
from shared.jobs.remove_objects import remove_attempt
from shared.jobs.report_worker import WorkerReport, report_worker
from shared.jobs.status import JobStatus
from shared.jobs.table import Deletion, Job, WorkerRow
from shared.queue import make_celery, make_doorbell, queue_name
from tests.integration.worker.conftest import Tenant
from worker.sweep import SweepParts, run_sweep, sweep


@pytest.fixture
def parts(settings: Settings) -> Iterator[SweepParts]:
    sessions = make_sessions(settings, Role.WORKER)
    yield SweepParts(
        settings,
        sessions,
        make_store(settings),
        make_job_stream(settings),
        make_doorbell(settings, make_celery(settings)),
    )
    close_sessions(sessions)


def count_doorbells(settings: Settings) -> int:
    with redis.Redis.from_url(settings.redis_url.get_secret_value()) as client:
        waiting: Any = client.llen(f"atelier:{queue_name('default')}")
    return int(waiting)


def lose(parts: SweepParts) -> None:
    with transaction(parts.sessions) as session:
        claim_jobs(session, "default", "w", limit=8, lease_s=30)
        session.execute(update(Job).values(lease_expires_at=func.now() - timedelta(seconds=1)))


def test_a_lost_job_runs_again_at_once(tenant: Tenant, parts: SweepParts) -> None:
    job_id = tenant.submit()
    lose(parts)
    sweep(parts)
    job = tenant.job(job_id)
    assert (job.status, job.lost_attempts) == (JobStatus.QUEUED, 1)
    assert count_doorbells(parts.settings) == 1
    assert tenant.events(job_id) == [("status", '{"status":"queued"}')]


def test_a_job_that_keeps_losing_workers_fails_once(tenant: Tenant, parts: SweepParts) -> None:
    job_id = tenant.submit()
    for _ in range(parts.settings.max_lost_attempts):
        lose(parts)
        sweep(parts)
    sweep(parts)
    job = tenant.job(job_id)
    assert (job.status, job.error_code) == (JobStatus.FAILED, "worker-lost")
    assert (job.attempt, job.cost_settled) == (3, 0)
    assert len(tenant.usage(job_id)) == 1
    kind, data = tenant.events(job_id)[-1]
    assert (kind, json.loads(data)) == ("done", {"status": "failed"})


def test_a_canceled_job_whose_worker_died_ends(tenant: Tenant, parts: SweepParts) -> None:
    job_id = tenant.submit()
    with transaction(parts.sessions) as session:
        claim_jobs(session, "default", "w", limit=1, lease_s=30)
    tenant.cancel(job_id)
    with transaction(parts.sessions) as session:
        session.execute(update(Job).values(lease_expires_at=func.now() - timedelta(seconds=1)))
    sweep(parts)
    assert tenant.job(job_id).status is JobStatus.CANCELED


def test_a_job_past_its_deadline_fails_while_it_waits(tenant: Tenant, parts: SweepParts) -> None:
    job_id = tenant.submit()
    with transaction(parts.sessions) as session:
        session.execute(update(Job).values(deadline_at=func.now() - timedelta(seconds=1)))
    sweep(parts)
    assert tenant.job(job_id).error_code == "deadline-exceeded"


def test_a_job_nobody_claimed_is_rung_for(tenant: Tenant, parts: SweepParts) -> None:
    tenant.submit()
    sweep(parts)
    assert count_doorbells(parts.settings) == 0
    with transaction(parts.sessions) as session:
        session.execute(update(Job).values(queued_at=func.now() - timedelta(seconds=5)))
    sweep(parts)
    assert count_doorbells(parts.settings) == 1


def test_orphans_are_removed(tenant: Tenant, parts: SweepParts) -> None:
    job_id = tenant.submit()
    orphan, kept = (f"{tenant.tenant_id}/{job_id}/{attempt}/0.png" for attempt in (1, 2))
    for key in (orphan, kept):
        parts.store.put(key, b"picture", "image/png")
    lose(parts)
    with transaction(parts.sessions) as session:
        remove_attempt(session, session.get_one(Job, job_id), grace_s=-1)
    sweep(parts)
    with pytest.raises(ObjectMissing):
        parts.store.get(orphan)
    assert parts.store.get(kept) == b"picture"
    with transaction(parts.sessions) as session:
        due = select(func.count()).where(Deletion.not_before < func.now())
        assert session.scalar(due) == 0


def test_workers_that_went_silent_are_forgotten(tenant: Tenant, parts: SweepParts) -> None:
    with transaction(parts.sessions) as session:
        for worker_id in ("silent", "alive"):
            report = WorkerReport(
                worker_id=worker_id,
                pool="default",
                device="cpu",
                dtype="float32",
                slots=1,
                models=(),
                loading=None,
            )
            report_worker(session, report)
        silent = update(WorkerRow).where(WorkerRow.id == "silent")
        session.execute(silent.values(seen_at=func.now() - timedelta(hours=1)))
    sweep(parts)
    with transaction(parts.sessions) as session:
        assert list(session.scalars(select(WorkerRow.id))) == ["alive"]


def test_several_sweeps_take_each_job_once(tenant: Tenant, parts: SweepParts) -> None:
    jobs = [tenant.submit() for _ in range(8)]
    lose(parts)
    threads = [threading.Thread(target=sweep, args=(parts,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {tenant.job(job_id).lost_attempts for job_id in jobs} == {1}


def test_an_outage_ends_no_sweep(settings: Settings) -> None:
    nowhere = {
        "database_url": type(settings.database_url)("postgresql://atelier@127.0.0.1:1/none"),
        "redis_url": type(settings.redis_url)("redis://127.0.0.1:1/0"),
        "cache_url": None,
        "sweep_interval_s": 0.05,
    }
    stop = threading.Event()
    swept = settings.model_copy(update=nowhere)
    thread = threading.Thread(target=run_sweep, args=(swept, stop))
    thread.start()
    thread.join(1)
    assert thread.is_alive()
    stop.set()
    thread.join(30)
    assert not thread.is_alive()
