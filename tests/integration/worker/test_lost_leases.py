"""What is lost, canceled by time or handed back leaves one end, one attempt's pictures, no rest."""

import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, update

from shared.db import transaction
from shared.images.keys import attempt_prefix
from shared.jobs.claim import claim_jobs
from shared.jobs.requeue import expire_overdue, requeue_lost
from shared.jobs.status import JobStatus
from shared.jobs.table import Job
from tests.integration.worker.conftest import Shift, StartWorker, Tenant, eventually
from worker.parts import Parts
from worker.run_shift import run_shift
from worker.take_over import take_over

StartShift = Callable[[Parts], Shift]
LONG = {"num_inference_steps": 60}


def lose_leases(parts: Parts) -> None:
    """End every lease, as if no beat had come for long, and sweep."""
    with transaction(parts.sessions) as session:
        past = func.now() - timedelta(seconds=1)
        session.execute(
            update(Job).where(Job.status == JobStatus.RUNNING).values(lease_expires_at=past)
        )
        requeue_lost(session, max_lost_attempts=3, grace_s=0)


def list_files(store_folder: Path) -> list[str]:
    return sorted(
        str(path.relative_to(store_folder)) for path in store_folder.rglob("*") if path.is_file()
    )


def test_an_attempt_that_lost_its_lease_writes_nothing(
    tenant: Tenant, slow_parts: Parts, start_shift: StartShift, tmp_path: Path
) -> None:
    job_id = tenant.submit(**LONG)
    shift = start_shift(slow_parts)
    eventually(lambda: tenant.job(job_id).progress_step > 0)
    lose_leases(slow_parts)
    shift.join()
    job = tenant.job(job_id)
    assert (job.status, job.attempt, job.lost_attempts) == (JobStatus.SUCCEEDED, 2, 1)
    assert len(tenant.usage(job_id)) == 1
    assert [image.attempt for image in tenant.images(job_id)] == [2]
    second = attempt_prefix(tenant.tenant_id, job_id, 2)
    assert list_files(tmp_path / "images") == [f"{second}0.png"]


def test_a_lease_lost_while_storing_leaves_no_object(
    tenant: Tenant, start_worker: StartWorker, start_shift: StartShift, tmp_path: Path
) -> None:
    parts = start_worker(fault_point="after-put:sleep=1.5")
    job_id = tenant.submit(num_inference_steps=2)
    shift = start_shift(parts)
    eventually(lambda: list_files(tmp_path / "images"))
    lose_leases(parts)
    shift.join()
    assert tenant.job(job_id).attempt == 2
    second = attempt_prefix(tenant.tenant_id, job_id, 2)
    assert list_files(tmp_path / "images") == [f"{second}0.png"]


def test_jobs_that_lost_a_worker_have_no_neighbour(
    tenant: Tenant, slow_parts: Parts, start_shift: StartShift
) -> None:
    jobs = [tenant.submit(num_inference_steps=10) for _ in range(3)]
    with transaction(slow_parts.sessions) as session:
        session.execute(update(Job).values(lost_attempts=1))
    most_held = 0
    shift = start_shift(slow_parts)
    while shift.thread.is_alive():
        most_held = max(most_held, len(slow_parts.held))
    shift.join()
    assert most_held == 1
    assert {tenant.job(job_id).status for job_id in jobs} == {JobStatus.SUCCEEDED}
    assert {tenant.job(job_id).lost_attempts for job_id in jobs} == {1}


def test_a_job_past_its_deadline_is_dropped_by_its_worker(
    tenant: Tenant, start_worker: StartWorker, start_shift: StartShift
) -> None:
    parts = start_worker(fault_point="tick:sleep=1")  # undropped, it would run past all patience
    job_id = tenant.submit(num_inference_steps=100)
    shift = start_shift(parts)
    eventually(lambda: tenant.job(job_id).progress_step > 0)
    with transaction(parts.sessions) as session:
        session.execute(update(Job).values(deadline_at=func.now() - timedelta(seconds=1)))
        expire_overdue(session, grace_s=0)
    shift.join()
    job = tenant.job(job_id)
    assert (job.status, job.error_code) == (JobStatus.FAILED, "deadline-exceeded")
    assert not tenant.images(job_id)
    assert len(tenant.usage(job_id)) == 1


def test_a_drain_finishes_what_runs_and_claims_no_more(
    tenant: Tenant, slow_parts: Parts, start_shift: StartShift
) -> None:
    running = tenant.submit(**LONG)
    shift = start_shift(slow_parts)
    eventually(lambda: tenant.job(running).progress_step > 0)
    slow_parts.drain.raise_()
    time.sleep(slow_parts.settings.claim_interval_s * 6)  # a claim may be under way
    late = tenant.submit()
    shift.join()
    assert tenant.job(running).status is JobStatus.SUCCEEDED
    assert (tenant.job(late).status, tenant.job(late).attempt) == (JobStatus.QUEUED, 0)


def test_what_a_drain_cannot_finish_is_handed_back_and_loses_nothing(
    tenant: Tenant, start_worker: StartWorker, start_shift: StartShift
) -> None:
    parts = start_worker(fault_point="tick:sleep=0.1", drain_grace_s=0.5)
    jobs = [tenant.submit(num_inference_steps=20) for _ in range(2)]
    shift = start_shift(parts)
    eventually(lambda: tenant.job(jobs[1]).progress_step > 0)
    parts.drain.raise_()
    shift.join()
    for job_id in jobs:
        job = tenant.job(job_id)
        assert (job.status, job.attempt, job.lost_attempts) == (JobStatus.QUEUED, 1, 0)
        assert not tenant.usage(job_id)
    parts.drain.path.unlink()
    run_shift(parts)
    assert {tenant.job(job_id).status for job_id in jobs} == {JobStatus.SUCCEEDED}


def test_a_successor_takes_back_what_its_predecessor_held(tenant: Tenant, parts: Parts) -> None:
    ours, theirs = tenant.submit(), tenant.submit()
    for worker_id in ("the dead", "the living"):
        with transaction(parts.sessions) as session:
            claim_jobs(session, "default", worker_id, limit=1, lease_s=600)
    taken = take_over(parts.settings, parts.sessions, "the dead")
    assert [job.id for job in taken] == [ours]
    assert (tenant.job(ours).status, tenant.job(ours).lost_attempts) == (JobStatus.QUEUED, 1)
    assert tenant.job(theirs).status is JobStatus.RUNNING


def test_a_store_that_comes_back_is_tried_again(
    tenant: Tenant,
    parts: Parts,
    start_shift: StartShift,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    blocked = tmp_path / "images"
    blocked.write_text("a file where the folder should be")
    job_id = tenant.submit(num_inference_steps=2)
    shift = start_shift(parts)
    eventually(lambda: "trying again" in caplog.text)
    blocked.unlink()
    shift.join()
    assert tenant.job(job_id).status is JobStatus.SUCCEEDED
    assert tenant.job(job_id).attempt == 1


def test_a_store_that_stays_away_fails_the_job_for_free(
    tenant: Tenant, start_worker: StartWorker, tmp_path: Path
) -> None:
    parts = start_worker(lease_s=1)
    blocked = tmp_path / "images"
    blocked.write_text("a file where the folder should be")
    job_id = tenant.submit(num_inference_steps=2)
    run_shift(parts)
    job = tenant.job(job_id)
    assert (job.status, job.error_code) == (JobStatus.FAILED, "storage-unavailable")
    assert (job.is_retryable, job.cost_settled) == (True, 0)
