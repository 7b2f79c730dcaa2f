"""Whose turn it is, and which of its jobs a tenant spends it on."""

import random
from collections.abc import Iterator

from sqlalchemy import text

from shared.db import set_tenant, transaction
from shared.ids import JobId, TenantId
from shared.jobs.claim import claim_urgent
from shared.jobs.finish import release_job
from shared.jobs.list_positions import list_positions
from shared.jobs.submit import submit_job
from shared.jobs.table import Job
from tests.integration.jobs.conftest import Bench

RANKS = {"high": 0, "normal": 1, "low": 2}


def submit(bench: Bench, tenant_id: TenantId, priority: str) -> JobId:
    with transaction(bench.api) as session:
        set_tenant(session, tenant_id)
        submission = bench.submission(priority=priority)
        return JobId(submit_job(session, tenant_id, submission).job.id)


def claim_all(bench: Bench, limit: int) -> Iterator[list[JobId]]:
    while claimed := bench.claim(limit):
        yield [job.held.job_id for job in claimed]


def test_the_urgent_of_a_tenant_go_first_then_the_oldest(bench: Bench) -> None:
    asked = ["low", "normal", "high", "low", "high", "normal"]
    jobs = [submit(bench, bench.tenant_id, priority) for priority in asked]
    order = [job_id for batch in claim_all(bench, 1) for job_id in batch]
    assert order == [jobs[index] for index in (2, 4, 1, 5, 0, 3)]


def test_no_stranger_waits_longer_for_another_tenants_urgent_jobs(bench: Bench) -> None:
    """Each claim serves the tenants that it would serve by age alone, whatever is urgent."""
    rng = random.Random(5)
    tenants = [bench.tenant_id, bench.tenant("second"), bench.tenant("third")]
    by_age: list[TenantId] = []
    urgency: dict[JobId, int] = {}
    for _ in range(40):
        tenant_id, priority = rng.choice(tenants), rng.choice(list(RANKS))
        urgency[submit(bench, tenant_id, priority)] = RANKS[priority]
        by_age.append(tenant_id)
    while by_age:
        limit = rng.randint(1, 5)
        claimed = bench.claim(limit)
        assert [job.tenant_id for job in claimed] == by_age[:limit]
        del by_age[:limit]
        for job in claimed:
            waiting = urgency.pop(job.held.job_id)
            assert waiting == job.priority
        if by_age and rng.random() < 0.3:  # an urgent one arrives late: its turn is its own age's
            urgency[submit(bench, tenants[0], "high")] = 0
            by_age.append(tenants[0])


def test_a_job_handed_back_keeps_the_turn_that_it_was_given(bench: Bench) -> None:
    patient = submit(bench, bench.tenant_id, "low")
    stranger = submit(bench, bench.tenant("second"), "normal")
    urgent = submit(bench, bench.tenant_id, "high")
    (claimed,) = bench.claim(1)
    assert claimed.held.job_id == urgent
    with transaction(bench.worker) as session:
        release_job(session, claimed.held)
    assert list(claim_all(bench, 1)) == [[urgent], [stranger], [patient]]


def test_positions_are_told_in_that_order(bench: Bench) -> None:
    jobs = [submit(bench, bench.tenant_id, priority) for priority in ("low", "normal", "high")]
    with transaction(bench.api) as session:
        set_tenant(session, bench.tenant_id)
        rows = [session.get_one(Job, job_id) for job_id in jobs]
        positions = list_positions(session, bench.tenant_id, rows)
    assert [positions[job_id] for job_id in jobs] == [3, 2, 1]


def test_urgent_jobs_are_claimed_beyond_turns_for_those_who_make_room(bench: Bench) -> None:
    other = bench.tenant("second")
    submit(bench, other, "high")
    submit(bench, bench.tenant_id, "normal")
    urgent = [submit(bench, bench.tenant_id, "high") for _ in range(3)]
    with transaction(bench.worker) as session:
        two = claim_urgent(session, "default", "w1", {bench.tenant_id: 2}, 30)
        rest = claim_urgent(session, "default", "w1", {bench.tenant_id: 5}, 30)
    assert [job.held.job_id for job in two] == urgent[:2]
    assert [job.held.job_id for job in rest] == urgent[2:]  # the normal one waits for its turn
    assert {job.held.attempt for job in (*two, *rest)} == {1}


def test_a_claim_reads_no_more_rows_when_more_are_queued(bench: Bench) -> None:
    """Whoever is behind the turns of a claim is not looked at: both reads end at their limit."""
    submit(bench, bench.tenant_id, "low")
    with transaction(bench.admin) as session:
        columns = [row[0] for row in session.execute(text(_COLUMNS))]
    copied = ", ".join("'job_' || lpad(n::text, 32, '0')" if c == "id" else c for c in columns)
    with transaction(bench.api) as session:
        set_tenant(session, bench.tenant_id)
        session.execute(
            text(
                f"INSERT INTO jobs ({', '.join(columns)})"
                f" SELECT {copied} FROM jobs, generate_series(1, 5000) AS n"
            )
        )
    with transaction(bench.worker) as session:
        for order, where in (
            ("COALESCE(turn, id)", "pool = 'default'"),
            (
                "priority, COALESCE(turn, id)",
                f"pool = 'default' AND tenant_id = '{bench.tenant_id}'",
            ),
        ):
            plan = session.execute(
                text(
                    "EXPLAIN (ANALYZE, TIMING off, SUMMARY off, COSTS off) SELECT id FROM jobs"
                    f" WHERE status = 'queued' AND {where} AND deadline_at > now()"
                    f" ORDER BY {order} LIMIT 4 FOR UPDATE SKIP LOCKED"
                )
            ).scalars()
            lines = "\n".join(plan)
            assert "Sort" not in lines, lines
            assert "Index Scan using ix_jobs_" in lines, lines
            assert "actual rows=4" in lines, lines
            assert "actual rows=5" not in lines, lines


_COLUMNS = """SELECT column_name FROM information_schema.columns
    WHERE table_name = 'jobs' AND is_generated = 'NEVER' ORDER BY ordinal_position"""
