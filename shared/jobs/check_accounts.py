"""Whether the counters of the accounts still equal the ledger and the jobs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shared.jobs.status import END_STATUSES
from shared.jobs.table import Job
from shared.usage.table import Account, UsageRecord


@dataclass(frozen=True, slots=True)
class AccountFault:
    """An account whose counters are not what its rows add up to."""

    tenant_id: str
    period: date
    reserved: int
    reserved_by_jobs: int
    used: int
    used_by_ledger: int


def find_account_faults(session: Session, since: date) -> Sequence[AccountFault]:
    """Return the accounts of periods from `since` on that are wrong; there must be none.

    One statement, so that all sums are of one moment.
    """
    by_jobs = (
        select(func.coalesce(func.sum(Job.cost_reserved), 0))
        .where(
            Job.tenant_id == Account.tenant_id,
            Job.period == Account.period,
            Job.status.not_in(END_STATUSES),
        )
        .scalar_subquery()
    )
    by_ledger = (
        select(func.coalesce(func.sum(UsageRecord.pixel_steps), 0))
        .where(
            UsageRecord.tenant_id == Account.tenant_id,
            UsageRecord.period == Account.period,
        )
        .scalar_subquery()
    )
    statement = select(
        Account.tenant_id, Account.period, Account.reserved, by_jobs, Account.used, by_ledger
    ).where(
        Account.period >= since,
        (Account.reserved != by_jobs) | (Account.used != by_ledger),
    )
    return [AccountFault(*row) for row in session.execute(statement)]
