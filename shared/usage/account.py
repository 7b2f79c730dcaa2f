"""A tenant's account: reserve before a job is taken, settle when it ends."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Label, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from shared.clock import utc_now
from shared.errors import QuotaExceeded
from shared.ids import TenantId
from shared.tenants.table import Tenant
from shared.usage.period import begin_of, current_period, next_period
from shared.usage.table import Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """How a tenant stands in one period, in pixel-steps; a quota of None is no limit."""

    period: date
    quota: int | None
    reserved: int
    used: int

    @property
    def left(self) -> int | None:
        """What may still be reserved."""
        return None if self.quota is None else max(0, self.quota - self.reserved - self.used)


def reserve(session: Session, tenant_id: TenantId, pixel_steps: int) -> date:
    """Set aside what a job may cost; returns the period it will be settled in.

    The account stays locked to the end of the transaction, so that of many calls at once none
    spends what another has reserved.

    Raises:
        QuotaExceeded: The quota of this period does not hold it. Roll back.
    """
    period = current_period()
    statement = insert(Account).values(
        tenant_id=tenant_id, period=period, reserved=pixel_steps, used=0, topped_up=0
    )
    row = session.execute(
        statement.on_conflict_do_update(
            index_elements=[Account.tenant_id, Account.period],
            set_={"reserved": Account.reserved + pixel_steps},
        ).returning(Account.reserved, Account.used, Account.topped_up, _quota_of(tenant_id))
    ).one()
    if row.quota is not None and row.reserved + row.used > row.quota + row.topped_up:
        left = max(0, row.quota + row.topped_up - (row.reserved - pixel_steps) - row.used)
        renews_on = next_period(period)
        renews_in_s = int((begin_of(renews_on) - utc_now()).total_seconds())
        raise QuotaExceeded(pixel_steps, left, renews_on, renews_in_s)
    return period


def settle(
    session: Session, tenant_id: TenantId, period: date, *, reserved: int, used: int
) -> None:
    """Give back what a job had reserved and note what it used."""
    session.execute(
        update(Account)
        .where(Account.tenant_id == tenant_id, Account.period == period)
        .values(reserved=Account.reserved - reserved, used=Account.used + used)
        .execution_options(synchronize_session=False)
    )


def get_balance(session: Session, tenant_id: TenantId) -> Balance:
    """Return how a tenant stands this month."""
    period = current_period()
    account = session.get(Account, (tenant_id, period), populate_existing=True)
    quota = session.scalar(select(Tenant.monthly_quota).where(Tenant.id == tenant_id))
    topped_up = account.topped_up if account else 0
    return Balance(
        period=period,
        quota=None if quota is None else quota + topped_up,
        reserved=account.reserved if account else 0,
        used=account.used if account else 0,
    )


def top_up(session: Session, tenant_id: TenantId, pixel_steps: int) -> None:
    """Add to this month's quota alone."""
    statement = insert(Account).values(
        tenant_id=tenant_id, period=current_period(), reserved=0, used=0, topped_up=pixel_steps
    )
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[Account.tenant_id, Account.period],
            set_={"topped_up": Account.topped_up + pixel_steps},
        )
    )


def _quota_of(tenant_id: TenantId) -> Label[int | None]:
    of_tenant = select(Tenant.monthly_quota).where(Tenant.id == tenant_id)
    return of_tenant.scalar_subquery().label("quota")
