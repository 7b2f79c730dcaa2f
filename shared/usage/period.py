"""The months in which quotas are counted, UTC."""

from datetime import UTC, date, datetime

from shared.clock import utc_now


def current_period() -> date:
    """Return the first day of this month."""
    return utc_now().date().replace(day=1)


def next_period(period: date) -> date:
    """Return the first day of the month after."""
    year, month = divmod(period.year * 12 + period.month, 12)
    return date(year, month + 1, 1)


def begin_of(period: date) -> datetime:
    """Return the instant at which a period begins."""
    return datetime(period.year, period.month, period.day, tzinfo=UTC)
