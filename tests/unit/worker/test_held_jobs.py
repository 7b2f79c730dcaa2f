"""Which slots a more urgent job may take, as several threads may ask at any moment."""

from datetime import UTC, datetime

from shared.ids import JobId, TenantId
from shared.jobs.claim import ClaimedJob, Held
from worker.engine.request import Priority
from worker.held_jobs import HeldJob, HeldJobs

FIRST, SECOND = TenantId("ten_1"), TenantId("ten_2")


def hold(
    held: HeldJobs,
    tenant_id: TenantId,
    priority: Priority,
    *,
    is_started: bool = True,
    lost: int = 0,
) -> HeldJob:
    claimed = ClaimedJob(
        held=Held(JobId(f"job_{len(held)}"), 1),
        tenant_id=tenant_id,
        priority=priority,
        lost_attempts=lost,
        request={},
        deadline_at=datetime.now(UTC),
    )
    job = held.add(claimed)
    job.is_started = is_started
    return job


def test_only_low_jobs_give_way_and_only_to_their_own_tenant() -> None:
    held = HeldJobs()
    for priority in Priority:
        hold(held, FIRST, priority)
    hold(held, SECOND, Priority.NORMAL)
    assert held.count_yielding() == {FIRST: 1}


def test_an_urgent_job_on_its_way_has_its_slot_already() -> None:
    held = HeldJobs()
    for _ in range(2):
        hold(held, FIRST, Priority.LOW)
    urgent = hold(held, FIRST, Priority.HIGH, is_started=False)
    assert held.count_yielding() == {FIRST: 1}
    hold(held, FIRST, Priority.HIGH, is_started=False)
    assert held.count_yielding() == {}
    urgent.is_started = True  # one of the low ones is paused for it, as the loop does
    next(job for job in held.list_held() if job.gives_way).is_paused = True
    assert held.count_yielding() == {}


def test_who_is_paused_past_the_engine_or_alone_gives_no_way() -> None:
    held = HeldJobs()
    hold(held, FIRST, Priority.LOW).is_paused = True
    hold(held, FIRST, Priority.LOW).takes_slot = False
    hold(held, FIRST, Priority.LOW, lost=1)
    assert held.count_yielding() == {}
    assert (held.count_slots(), held.count_unpaused()) == (2, 1)
