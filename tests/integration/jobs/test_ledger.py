"""The ledger and the accounts agree, whatever happened in whatever order."""

from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from shared.db import set_tenant, transaction
from shared.errors import QuotaExceeded
from shared.jobs.check_accounts import find_account_faults
from shared.jobs.finish import finish_canceled
from shared.usage.period import begin_of, current_period, next_period
from tests.integration.jobs.conftest import Bench
from tests.integration.jobs.ledger_storm import IMAGE_COST, Storm, check_ledger

QUOTA = 40 * IMAGE_COST
SMALL = {"width": 64, "height": 64, "num_inference_steps": 4}


@pytest.mark.parametrize("seed", [1, 2])
def test_a_storm_leaves_every_sum_exact(bench: Bench, seed: int) -> None:
    storm = Storm(bench, seed, QUOTA)
    storm.blow(num_operations=600, num_threads=4)
    assert check_ledger(bench.admin, QUOTA) > 30


def test_a_counter_that_left_its_ledger_is_found(bench: Bench) -> None:
    bench.submit()
    with transaction(bench.admin) as session:
        assert find_account_faults(session, current_period()) == []
    with transaction(bench.worker) as session:
        session.execute(text("UPDATE accounts SET used = used + 1"))
    with transaction(bench.admin) as session:
        [fault] = find_account_faults(session, current_period())
    assert (fault.used, fault.used_by_ledger) == (1, 0)


def test_jobs_canceled_at_their_last_step_pay_for_the_steps_done(bench: Bench) -> None:
    for _job in range(100):
        bench.submit(None, **SMALL)
    claimed = [job for _round in range(13) for job in bench.claim()]
    for job in claimed:
        with transaction(bench.worker) as session:
            finish_canceled(session, job.held, 3)
    with transaction(bench.admin) as session:
        used, reserved = session.execute(text("SELECT used, reserved FROM accounts")).one()
    assert (len(claimed), used, reserved) == (100, 100 * 64 * 64 * 3, 0)


def test_a_job_is_settled_in_the_period_it_was_reserved_in(bench: Bench) -> None:
    job = bench.submit(None, **SMALL).job
    before = date(2026, 1, 1)
    with transaction(bench.worker) as session:
        session.execute(
            text("UPDATE jobs SET period = :before WHERE id = :id"),
            {"before": before, "id": job.id},
        )
        session.execute(
            text("INSERT INTO accounts SELECT tenant_id, :before, reserved, 0, 0 FROM accounts"),
            {"before": before},
        )
        session.execute(
            text("UPDATE accounts SET reserved = 0 WHERE period <> :before"), {"before": before}
        )
    [claimed] = bench.claim()
    with transaction(bench.worker) as session:
        finish_canceled(session, claimed.held, 4)
    with transaction(bench.admin) as session:
        rows = session.execute(text("SELECT period, reserved, used FROM accounts")).all()
    assert sorted(tuple(row) for row in rows) == [
        (before, 0, 64 * 64 * 4),
        (current_period(), 0, 0),
    ]


def test_what_a_quota_holds_to_the_last_pixel_step(bench: Bench) -> None:
    with transaction(bench.admin) as session:
        session.execute(text("UPDATE tenants SET monthly_quota = :quota"), {"quota": 64 * 64 * 4})
    bench.submit(None, **SMALL)
    with pytest.raises(QuotaExceeded):
        bench.submit(None, **(SMALL | {"num_inference_steps": 1}))


def test_the_database_refuses_a_negative_amount(bench: Bench) -> None:
    bench.submit()
    for column in ("reserved", "used"):
        with pytest.raises(IntegrityError), transaction(bench.worker) as session:
            session.execute(text(f"UPDATE accounts SET {column} = -1"))


def test_a_tenant_changes_no_quota(bench: Bench) -> None:
    bench.submit()
    with transaction(bench.api) as session:
        set_tenant(session, bench.tenant_id)
        columns = session.execute(
            text("SELECT has_column_privilege('atelier_api', 'accounts', 'topped_up', 'UPDATE')")
        ).scalar_one()
        tenants = session.execute(
            text("SELECT has_table_privilege('atelier_api', 'tenants', 'UPDATE')")
        ).scalar_one()
    assert (columns, tenants) == (False, False)


@pytest.mark.parametrize(
    ("period", "following"),
    [(date(2026, 1, 1), date(2026, 2, 1)), (date(2026, 12, 1), date(2027, 1, 1))],
)
def test_periods_follow_one_another(period: date, following: date) -> None:
    assert next_period(period) == following
    assert begin_of(following).isoformat() == f"{following}T00:00:00+00:00"
