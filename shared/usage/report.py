"""What a tenant used, summed from the ledger: exact, whatever the counters say."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Date, cast, func, select
from sqlalchemy.orm import Session

from shared.ids import TenantId
from shared.usage.period import begin_of
from shared.usage.table import UsageRecord


class GroupBy(StrEnum):
    """What a report has one line for."""

    DAY = "day"
    MODEL = "model"
    KEY = "key"
    TASK = "task"


@dataclass(frozen=True, slots=True)
class UsageLine:
    """One line: its groups in the order asked for, jobs by their end, images and pixel-steps."""

    groups: tuple[str | None, ...]
    jobs: int
    succeeded: int
    failed: int
    canceled: int
    images: int
    pixel_steps: int


def report_usage(
    session: Session, tenant_id: TenantId, groups: Sequence[GroupBy], first: date, last: date
) -> list[UsageLine]:
    """Sum the lines of jobs that ended from one UTC day to another, both included."""
    named = [_GROUPS[group] for group in groups]
    ended = UsageRecord.end_status
    statement = (
        select(
            *named,
            func.count(),
            *(func.count().filter(ended == status) for status in _STATUSES),
            func.coalesce(func.sum(UsageRecord.num_images), 0),
            func.coalesce(func.sum(UsageRecord.pixel_steps), 0),
        )
        .where(
            UsageRecord.tenant_id == tenant_id,
            UsageRecord.recorded_at >= begin_of(first),
            UsageRecord.recorded_at < begin_of(last + timedelta(days=1)),
        )
        .group_by(*named)
        .order_by(*named)
    )
    rows: Iterable[Any] = session.execute(statement)
    return [
        UsageLine(
            tuple(None if value is None else str(value) for value in row[: len(named)]),
            *(int(value) for value in row[len(named) :]),
        )
        for row in rows
    ]


_STATUSES = ("succeeded", "failed", "canceled")
_GROUPS: dict[GroupBy, ColumnElement[Any]] = {
    GroupBy.DAY: cast(func.timezone("UTC", UsageRecord.recorded_at), Date),
    GroupBy.MODEL: UsageRecord.model.expression,
    GroupBy.KEY: UsageRecord.key_id.expression,
    GroupBy.TASK: UsageRecord.task.expression,
}
