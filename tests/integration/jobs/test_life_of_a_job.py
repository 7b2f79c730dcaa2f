"""Submit, claim, extend, finish, cancel, requeue, delete: on a real database, under its rules."""

import threading
import time

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from shared.db import set_tenant, transaction
from shared.errors import IdempotencyKeyReused, JobEnded, LeaseLost, NotFound
from shared.ids import JobId
from shared.jobs.cancel import cancel_job
from shared.jobs.claim import ClaimedJob, Held
from shared.jobs.delete import delete_job
from shared.jobs.extend import extend_leases
from shared.jobs.finish import (
    Failure,
    FinishedImage,
    complete_job,
    fail_job,
    finish_canceled,
    release_job,
)
from shared.jobs.lookups import find_ended
from shared.jobs.queries import JobFilter, get_job, list_images, list_jobs
from shared.jobs.remove_objects import claim_deletions
from shared.jobs.requeue import expire_overdue, release_worker, requeue_lost, unclaimed_pools
from shared.jobs.status import JobErrorCode, JobStatus
from shared.jobs.table import Job
from shared.usage.table import UsageRecord
from tests.integration.jobs.conftest import Bench


def picture(claimed: ClaimedJob, index: int = 0) -> FinishedImage:
    held = claimed.held
    return FinishedImage(
        index=index,
        kind="image",
        seed=1,
        width_px=128,
        height_px=128,
        format="png",
        size_bytes=3,
        sha256="0" * 64,
        key=f"{claimed.tenant_id}/{held.job_id}/{held.attempt}/{index}.png",
        receipt={},
    )


def read(bench: Bench, job_id: JobId) -> Job:
    with transaction(bench.worker) as session:
        return session.get_one(Job, job_id)


def ledger(bench: Bench) -> list[UsageRecord]:
    with transaction(bench.worker) as session:
        return list(session.scalars(select(UsageRecord).order_by(UsageRecord.id)))


def expire(bench: Bench, held: Held) -> None:
    with transaction(bench.worker) as session:
        session.execute(
            update(Job)
            .where(Job.id == held.job_id)
            .values(lease_expires_at=text("now() - interval '1 second'"))
        )


def test_a_job_from_submit_to_picture(bench: Bench) -> None:
    job_id = bench.submit_id(num_images=2, metadata={"order": "7"})
    [claimed] = bench.claim()
    assert claimed.held == Held(job_id, 1)
    assert claimed.request["seed"] >= 0
    with transaction(bench.worker) as session:
        complete_job(session, claimed.held, [picture(claimed, 0), picture(claimed, 1)], ["w"])
    job = read(bench, job_id)
    assert (job.status, job.cost_settled) == (JobStatus.SUCCEEDED, 128 * 128 * 12 * 2)
    assert [line.pixel_steps for line in ledger(bench)] == [job.cost_reserved]
    with transaction(bench.api) as session:
        set_tenant(session, bench.tenant_id)
        assert [i.index for i in list_images(session, bench.tenant_id, [job_id])[job_id]] == [0, 1]
        assert find_ended(session, [job_id]) == {job_id}


def test_an_idempotency_key_names_one_job(bench: Bench) -> None:
    first = bench.submit("k", prompt="a")
    again = bench.submit("k", prompt="a")
    assert (again.is_replay, again.job.id) == (True, first.job.id)
    with pytest.raises(IdempotencyKeyReused):
        bench.submit("k", prompt="b")


def test_two_at_once_with_one_key_make_one_job(bench: Bench) -> None:
    made: list[str] = []
    gate = threading.Barrier(8)

    def work() -> None:
        gate.wait()
        made.append(bench.submit("k").job.id)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8
    assert len(set(made)) == 1


def test_workers_never_claim_the_same_job(bench: Bench) -> None:
    expected = {bench.submit_id() for _ in range(12)}
    claimed: list[JobId] = []
    gate = threading.Barrier(6)

    def work() -> None:
        gate.wait()
        for _ in range(4):
            claimed.extend(job.held.job_id for job in bench.claim(limit=1))

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claimed) == len(set(claimed))
    assert set(claimed) == expected


def test_a_lost_lease_writes_nothing(bench: Bench) -> None:
    job_id = bench.submit_id()
    [zombie] = bench.claim()
    expire(bench, zombie.held)
    with transaction(bench.worker) as session:
        [back] = requeue_lost(session, max_lost_attempts=3, grace_s=0)
        assert (back.status, back.lost_attempts) == (JobStatus.QUEUED, 1)
    [second] = bench.claim()
    assert (second.held.attempt, second.lost_attempts) == (2, 1)
    for write in (
        lambda s: complete_job(s, zombie.held, [picture(zombie)], []),
        lambda s: finish_canceled(s, zombie.held, 3),
        lambda s: release_job(s, zombie.held),
        lambda s: fail_job(
            s,
            zombie.held,
            Failure(code=JobErrorCode.GENERATION_ERROR, message="x", is_retryable=False),
        ),
    ):
        with pytest.raises(LeaseLost), transaction(bench.worker) as session:
            write(session)
    with transaction(bench.worker) as session:
        pulse = extend_leases(session, {zombie.held: 3, second.held: 2}, 30)
    assert pulse.lost == {zombie.held}
    assert pulse.kept == {second.held}
    assert ledger(bench) == []
    assert read(bench, job_id).progress_step == 2


def test_a_job_that_loses_three_workers_fails_and_costs_nothing(bench: Bench) -> None:
    job_id = bench.submit_id()
    for _ in range(3):
        assert len(bench.claim()) == 1
        with transaction(bench.worker) as session:
            release_worker(session, "w1", max_lost_attempts=3, grace_s=0)
    job = read(bench, job_id)
    assert (job.status, job.error_code, job.attempt) == (JobStatus.FAILED, "worker-lost", 3)
    assert [line.pixel_steps for line in ledger(bench)] == [0]
    with transaction(bench.worker) as session:
        prefixes = {row.prefix for row in claim_deletions(session, 10)}
    assert prefixes == {f"{bench.tenant_id}/{job_id}/{n}/" for n in (1, 2, 3)}


def test_a_job_handed_back_has_lost_nothing(bench: Bench) -> None:
    job_id = bench.submit_id()
    [claimed] = bench.claim()
    with transaction(bench.worker) as session:
        release_job(session, claimed.held)
    job = read(bench, job_id)
    assert (job.status, job.attempt, job.lost_attempts) == (JobStatus.QUEUED, 1, 0)
    assert bench.claim()[0].held.attempt == 2


def test_cancel_pays_the_steps_done(bench: Bench) -> None:
    queued, running = bench.submit_id(), bench.submit_id()
    with transaction(bench.api) as session:
        set_tenant(session, bench.tenant_id)
        assert cancel_job(session, bench.tenant_id, queued).status is JobStatus.CANCELED
        with pytest.raises(JobEnded):
            cancel_job(session, bench.tenant_id, queued)
    [claimed] = bench.claim()
    assert claimed.held.job_id == running
    with transaction(bench.api) as session:
        set_tenant(session, bench.tenant_id)
        assert cancel_job(session, bench.tenant_id, running).status is JobStatus.RUNNING
    with transaction(bench.worker) as session:
        assert extend_leases(session, {claimed.held: 3}, 30).canceled == {claimed.held}
    with transaction(bench.worker) as session:
        finish_canceled(session, claimed.held, 3)
    assert read(bench, running).cost_settled == 128 * 128 * 3
    assert [line.pixel_steps for line in ledger(bench)] == [0, 128 * 128 * 3]


def test_progress_never_passes_the_steps_that_were_asked_for(bench: Bench) -> None:
    job_id = bench.submit_id(num_inference_steps=61)
    [claimed] = bench.claim()
    with transaction(bench.worker) as session:
        extend_leases(session, {claimed.held: 62}, 30)
    assert read(bench, job_id).progress_step == 61


def test_a_deadline_ends_queued_and_running_jobs(bench: Bench) -> None:
    ids = [bench.submit_id(), bench.submit_id()]
    [claimed] = bench.claim(limit=1)
    with transaction(bench.worker) as session:
        session.execute(update(Job).values(deadline_at=text("now() - interval '1 second'")))
    assert bench.claim() == []
    with transaction(bench.worker) as session:
        assert len(expire_overdue(session, grace_s=0)) == 2
    assert {read(bench, job_id).error_code for job_id in ids} == {"deadline-exceeded"}
    with transaction(bench.worker) as session:
        assert extend_leases(session, {claimed.held: 1}, 30).lost == {claimed.held}


def test_delete_leaves_the_ledger_line_alone(bench: Bench) -> None:
    job_id = bench.submit_id()
    [claimed] = bench.claim()
    with transaction(bench.api) as session:
        set_tenant(session, bench.tenant_id)
        prefix = delete_job(session, bench.tenant_id, job_id, grace_s=0)
    assert prefix == f"{bench.tenant_id}/{job_id}/"
    assert [line.job_id for line in ledger(bench)] == [job_id]
    with pytest.raises(LeaseLost), transaction(bench.worker) as session:
        complete_job(session, claimed.held, [picture(claimed)], [])
    with transaction(bench.worker) as session:
        assert [row.prefix for row in claim_deletions(session, 10)] == [prefix]


def test_the_key_of_a_deleted_job_makes_no_second_one(bench: Bench) -> None:
    job_id = JobId(bench.submit("k").job.id)
    with transaction(bench.api) as session:
        set_tenant(session, bench.tenant_id)
        delete_job(session, bench.tenant_id, job_id, grace_s=0)
    with pytest.raises(NotFound):
        bench.submit("k")


def test_lists_page_through_everything_once(bench: Bench) -> None:
    ids = [bench.submit_id(metadata={"n": str(n % 2)}) for n in range(7)]
    seen: list[str] = []
    cursor: str | None = None
    with transaction(bench.api) as session:
        set_tenant(session, bench.tenant_id)
        while True:
            page = list_jobs(session, bench.tenant_id, JobFilter(), cursor, 3)
            seen += [job.id for job in page.jobs]
            cursor = page.next_cursor
            if cursor is None:
                break
        odd = list_jobs(session, bench.tenant_id, JobFilter(labels={"n": "1"}), None, 9).jobs
    assert seen == sorted(ids, reverse=True)
    assert [job.id for job in odd] == [ids[5], ids[3], ids[1]]


def test_another_tenant_sees_nothing_even_without_a_where(bench: Bench) -> None:
    job_id = bench.submit_id()
    other = bench.tenant("second")
    with transaction(bench.api) as session:
        set_tenant(session, other)
        with pytest.raises(NotFound):
            get_job(session, other, job_id)
        assert session.scalars(select(Job)).all() == []
    with transaction(bench.api) as session:
        assert session.scalars(select(Job)).all() == []
    forged = text("INSERT INTO deletions (tenant_id, prefix, not_before) VALUES (:t, 'x/', now())")
    with transaction(bench.api) as session:
        set_tenant(session, other)
        with pytest.raises(DBAPIError, match="row-level security"), session.begin_nested():
            session.execute(forged, {"t": bench.tenant_id})


def test_the_database_itself_refuses_to_move_an_ended_job(bench: Bench) -> None:
    job_id = bench.submit_id()
    with transaction(bench.api) as session:
        set_tenant(session, bench.tenant_id)
        cancel_job(session, bench.tenant_id, job_id)
    with pytest.raises(DBAPIError, match="has ended"), transaction(bench.worker) as session:
        session.execute(text("UPDATE jobs SET status = 'queued', finished_at = NULL"))
    with pytest.raises(DBAPIError, match="permission denied"), transaction(bench.worker) as session:
        session.execute(text("DELETE FROM usage_records"))


def test_old_queued_jobs_name_their_pool(bench: Bench) -> None:
    bench.submit_id()
    time.sleep(0.05)
    with transaction(bench.worker) as session:
        assert unclaimed_pools(session, older_than_s=0.01) == ["default"]
        assert unclaimed_pools(session, older_than_s=60) == []


def test_a_login_that_becomes_no_role_reads_nothing(bench: Bench) -> None:
    bench.submit_id()
    engine = bench.api.kw["bind"]
    with pytest.raises(DBAPIError, match="permission denied"), engine.connect() as connection:
        connection.execute(text("SELECT * FROM jobs"))


def test_ids_of_other_kinds_are_simply_absent(bench: Bench) -> None:
    for bad in ("", "job_", "job_" + "g" * 32, "img_" + "0" * 32, "job_" + "0" * 32, "\x00"):
        with transaction(bench.api) as session:
            set_tenant(session, bench.tenant_id)
            with pytest.raises(NotFound):
                get_job(session, bench.tenant_id, JobId(bad))
