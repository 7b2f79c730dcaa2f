"""`/v1/limits` and `/v1/usage`: what a tenant may use, and what it used."""

import csv
import io
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Header, Query, Response

from api.deps import ReadsUsage
from api.openapi import describe_problems
from api.schemas.usage import LimitsView, UsageLineView, UsageView
from api.strict_route import StrictRoute
from shared.clock import utc_now
from shared.errors import FieldError, ValidationFailed
from shared.usage.account import get_balance
from shared.usage.period import begin_of, next_period
from shared.usage.price import PIXEL_STEPS_PER_UNIT, UNIT
from shared.usage.report import GroupBy, UsageLine, report_usage

MAX_DAYS = 366
DEFAULT_DAYS = 30

router = APIRouter(prefix="/v1", tags=["usage"], route_class=StrictRoute)


@router.get("/limits", responses=describe_problems())
def read_limits(access: ReadsUsage) -> LimitsView:
    """Show quota, what is reserved and used of it, and how often you may call."""
    balance = get_balance(access.session, access.caller.tenant_id)
    return LimitsView(
        unit=UNIT,
        quota=_units(balance.quota),
        reserved=balance.reserved / PIXEL_STEPS_PER_UNIT,
        used=balance.used / PIXEL_STEPS_PER_UNIT,
        left=_units(balance.left),
        period_start=begin_of(balance.period),
        period_end=begin_of(next_period(balance.period)),
        requests_per_minute=access.caller.tenant_rpm,
        key_requests_per_minute=access.caller.key_rpm,
    )


@router.get(
    "/usage",
    response_model=UsageView,
    response_model_exclude_none=True,
    responses=describe_problems()
    | {200: {"model": UsageView, "content": {"text/csv": {"schema": {"type": "string"}}}}},
)
def read_usage(
    access: ReadsUsage,
    group_by: Annotated[
        str, Query(description="Any of day, model, key, task, with commas between.")
    ] = "day",
    first: Annotated[
        date | None, Query(alias="from", description="First UTC day; 30 days ago by default.")
    ] = None,
    last: Annotated[date | None, Query(alias="to", description="Last UTC day; today.")] = None,
    accept: Annotated[str, Header(include_in_schema=False)] = "",
) -> Response | UsageView:
    """Sum the ledger over the jobs that ended in some days; `Accept: text/csv` exports it.

    Raises:
        ValidationFailed: The days are too many or the wrong way round.
    """
    groups = _read_groups(group_by)
    last = last or utc_now().date()
    first = first or last - timedelta(days=DEFAULT_DAYS - 1)
    if not 0 <= (last - first).days < MAX_DAYS:
        raise ValidationFailed(
            [FieldError("/from", f"must lie at most {MAX_DAYS} days before `to`, and not after it")]
        )
    lines = report_usage(access.session, access.caller.tenant_id, groups, first, last)
    if "text/csv" in accept:
        return Response(_as_csv(groups, lines), media_type="text/csv; charset=utf-8")
    return UsageView(
        unit=UNIT,
        first_day=first,
        last_day=last,
        data=[_view(groups, line) for line in lines],
        total=_view((), _add(lines)),
    )


def _read_groups(text: str) -> tuple[GroupBy, ...]:
    """Return what is grouped by.

    Raises:
        ValidationFailed: A name is unknown or comes twice.
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    known = {group.value: group for group in GroupBy}
    if len(set(names)) != len(names) or not set(names) <= known.keys():
        choice = ", ".join(known)
        raise ValidationFailed([FieldError("/group_by", f"takes each of {choice} at most once")])
    return tuple(known[name] for name in names)


def _add(lines: Sequence[UsageLine]) -> UsageLine:
    return UsageLine(
        (),
        jobs=sum(line.jobs for line in lines),
        succeeded=sum(line.succeeded for line in lines),
        failed=sum(line.failed for line in lines),
        canceled=sum(line.canceled for line in lines),
        images=sum(line.images for line in lines),
        pixel_steps=sum(line.pixel_steps for line in lines),
    )


def _view(groups: Sequence[GroupBy], line: UsageLine) -> UsageLineView:
    named = {group.value: value or "" for group, value in zip(groups, line.groups, strict=True)}
    return UsageLineView.model_validate(
        {
            **named,
            "jobs": line.jobs,
            "succeeded": line.succeeded,
            "failed": line.failed,
            "canceled": line.canceled,
            "images": line.images,
            "amount": line.pixel_steps / PIXEL_STEPS_PER_UNIT,
        }
    )


def _as_csv(groups: Sequence[GroupBy], lines: Sequence[UsageLine]) -> str:
    file = io.StringIO()
    writer = csv.writer(file)
    counted = ("jobs", "succeeded", "failed", "canceled", "images")
    writer.writerow([*groups, *counted, "pixel_steps"])
    for line in lines:
        writer.writerow(
            [*line.groups, *(getattr(line, name) for name in counted), line.pixel_steps]
        )
    return file.getvalue()


def _units(pixel_steps: int | None) -> float | None:
    return None if pixel_steps is None else pixel_steps / PIXEL_STEPS_PER_UNIT
