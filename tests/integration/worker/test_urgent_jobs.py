"""A tenant's urgent job takes the slot of its own low one, which ends with the same picture."""

import io
import queue
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image as Picture

from shared.db import transaction
from shared.ids import JobId, TenantId
from shared.jobs.claim import claim_jobs
from shared.jobs.status import JobStatus
from shared.tenants.create_tenant import get_or_create_tenant
from tests.integration.worker.conftest import Shift, StartWorker, Tenant, eventually
from worker.finish_generations import Finisher
from worker.held_jobs import HeldJob, StopReason
from worker.parts import Parts
from worker.run_shift import _Loop, run_shift

StartShift = Callable[[Parts], Shift]
LONG = {"num_inference_steps": 60, "priority": "low"}
NUM_SLOTS = 4


@pytest.fixture
def stranger(tenant: Tenant) -> Tenant:
    with transaction(tenant.admin) as session:
        other = TenantId(get_or_create_tenant(session, "stranger").id)
    return replace(tenant, tenant_id=other)


def fill_slots(
    tenant: Tenant, parts: Parts, start_shift: StartShift, **changes: object
) -> tuple[Shift, list[JobId]]:
    jobs = [tenant.submit(**({"seed": seed} | LONG | changes)) for seed in range(NUM_SLOTS)]
    shift = start_shift(parts)
    eventually(lambda: all(tenant.job(job_id).progress_step for job_id in jobs))
    return shift, jobs


def paused(parts: Parts) -> list[HeldJob]:
    return [job for job in parts.held.list_held() if job.is_paused]


def read_pixels(tenant: Tenant, parts: Parts, job_id: JobId) -> np.ndarray:
    (image,) = tenant.images(job_id)
    return np.asarray(Picture.open(io.BytesIO(parts.store.get(image.key))))


def test_it_ends_first_and_the_paused_one_ends_with_the_same_picture(
    tenant: Tenant, stranger: Tenant, start_worker: StartWorker, start_shift: StartShift
) -> None:
    """A lease passes while the low one is paused, and is extended all the same."""
    parts = start_worker(fault_point="tick:sleep=0.03", lease_s=1, heartbeat_interval_s=0.2)
    low = [tenant.submit(seed=seed, **LONG) for seed in range(NUM_SLOTS - 1)]
    last = stranger.submit(**LONG)  # not of the urgent one's tenant, though it was begun last
    shift = start_shift(parts)
    eventually(lambda: all(tenant.job(job_id).progress_step for job_id in (*low, last)))
    queued = stranger.submit(num_inference_steps=2)
    urgent = tenant.submit(num_inference_steps=45, priority="high")
    parts.wake.set()
    (job,) = eventually(lambda: paused(parts))
    step = job.step
    assert job.tenant_id == tenant.tenant_id
    tenant.wait_for(urgent, JobStatus.SUCCEEDED)
    assert job.step in {step, step + 1}  # the loop may have told of one more as we looked
    assert stranger.job(queued).status is JobStatus.QUEUED  # the slot was never a free one
    assert {tenant.job(job_id).status for job_id in low} == {JobStatus.RUNNING}
    shift.join()

    undisturbed = tenant.submit(seed=low.index(job.held.job_id), **LONG)
    run_shift(parts)
    for job_id in (*low, last, queued, undisturbed):
        ended = tenant.job(job_id)
        assert (ended.status, ended.attempt) == (JobStatus.SUCCEEDED, 1)
        assert ended.lost_attempts == 0
    pixels = read_pixels(tenant, parts, job.held.job_id).astype(int)
    assert np.abs(pixels - read_pixels(tenant, parts, undisturbed)).max() <= 1


def test_only_a_high_job_of_the_same_tenant_takes_a_slot(
    tenant: Tenant, stranger: Tenant, slow_parts: Parts, start_shift: StartShift
) -> None:
    shift, low = fill_slots(tenant, slow_parts, start_shift)
    waiting = [stranger.submit(priority="high"), tenant.submit(priority="normal")]
    slow_parts.wake.set()
    seen = tenant.job(low[0]).progress_step
    eventually(lambda: tenant.job(low[0]).progress_step > seen + 5)
    assert {tenant.job(job_id).status for job_id in waiting} == {JobStatus.QUEUED}
    assert not paused(slow_parts)
    shift.join()
    assert {tenant.job(job_id).attempt for job_id in (*low, *waiting)} == {1}


def test_a_normal_job_gives_no_way(
    tenant: Tenant, slow_parts: Parts, start_shift: StartShift
) -> None:
    shift, running = fill_slots(tenant, slow_parts, start_shift, priority="normal")
    urgent = tenant.submit(priority="high", num_inference_steps=2)
    slow_parts.wake.set()
    seen = tenant.job(running[0]).progress_step
    eventually(lambda: tenant.job(running[0]).progress_step > seen + 5)
    assert tenant.job(urgent).status is JobStatus.QUEUED
    shift.join()


def test_no_more_are_claimed_than_low_ones_give_way(
    tenant: Tenant, slow_parts: Parts, start_shift: StartShift
) -> None:
    shift, low = fill_slots(tenant, slow_parts, start_shift)
    urgent = [tenant.submit(num_inference_steps=30, priority="high") for _ in range(NUM_SLOTS + 2)]
    slow_parts.wake.set()
    eventually(lambda: len(paused(slow_parts)) == NUM_SLOTS)
    assert sum(tenant.job(one).status is JobStatus.RUNNING for one in urgent) == NUM_SLOTS
    shift.join()
    assert {tenant.job(one).status for one in (*low, *urgent)} == {JobStatus.SUCCEEDED}
    ends = [tenant.job(one).finished_at for one in urgent]
    assert max(end for end in ends if end) < min(
        end for one in low if (end := tenant.job(one).finished_at)
    )


def test_a_paused_job_is_canceled_and_pays_its_steps(
    tenant: Tenant, slow_parts: Parts, start_shift: StartShift
) -> None:
    shift, _low = fill_slots(tenant, slow_parts, start_shift)
    tenant.submit(num_inference_steps=60, priority="high")
    slow_parts.wake.set()
    (job,) = eventually(lambda: paused(slow_parts))
    tenant.cancel(job.held.job_id)
    tenant.wait_for(job.held.job_id, JobStatus.CANCELED)
    canceled = tenant.job(job.held.job_id)
    assert 0 < canceled.progress_step < 60
    assert canceled.cost_settled == canceled.cost_reserved * canceled.progress_step // 60
    shift.join()


def test_a_paused_job_is_handed_back_by_a_drain_and_loses_nothing(
    tenant: Tenant, start_worker: StartWorker, start_shift: StartShift
) -> None:
    parts = start_worker(fault_point="tick:sleep=0.03", drain_grace_s=0.01)
    shift, low = fill_slots(tenant, parts, start_shift)
    urgent = tenant.submit(num_inference_steps=60, priority="high")
    parts.wake.set()
    eventually(lambda: paused(parts))
    parts.drain.raise_here()
    parts.wake.set()
    shift.join()
    for job_id in (*low, urgent):
        job = tenant.job(job_id)
        assert (job.status, job.attempt, job.lost_attempts) == (JobStatus.QUEUED, 1, 0)
    assert parts.shelf.engine.free_slots == NUM_SLOTS


def test_a_job_asked_to_stop_on_its_way_to_the_loop_never_starts(
    tenant: Tenant, parts: Parts
) -> None:
    """The loop hears of the stop while the fetcher still has the job, and gets the job after."""
    job_id = tenant.submit()
    with transaction(parts.sessions) as session:
        (claimed,) = claim_jobs(session, "default", parts.worker_id, 1, 30)
    job = parts.held.add(claimed)
    ready: queue.SimpleQueue[HeldJob] = queue.SimpleQueue()
    with Finisher(parts) as finisher:
        loop = _Loop(parts, ready, finisher)
        tenant.cancel(job_id)
        parts.held.ask_stop(job.held, StopReason.CANCELED)
        loop.turn()
        ready.put(job)
        loop.turn()
        assert not parts.shelf.engine.has_work
        tenant.wait_for(job_id, JobStatus.CANCELED)
    assert tenant.job(job_id).cost_settled == 0
    assert not len(parts.held)
