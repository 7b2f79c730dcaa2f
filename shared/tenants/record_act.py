"""The log of what admins did."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.clock import utc_now
from shared.tenants.table import AdminAct

COMMAND_LINE = "command-line"


@dataclass(frozen=True, slots=True)
class ActPage:
    """Some acts, newest first, and the id that the next page begins below."""

    acts: list[AdminAct]
    next_before: int | None


@dataclass(frozen=True, slots=True)
class ActFilter:
    """Which acts to list; what is left None lets all pass."""

    target: str | None = None
    before: int | None = None


def record_act(
    session: Session, actor: str, action: str, target: str, detail: Mapping[str, Any] | None = None
) -> None:
    """Note an act in the transaction that does it: neither is there without the other."""
    session.add(
        AdminAct(actor=actor, action=action, target=target, detail=dict(detail or {}), at=utc_now())
    )


def list_acts(session: Session, which: ActFilter, limit: int) -> ActPage:
    """Return one page of the log."""
    statement = select(AdminAct)
    if which.target is not None:
        statement = statement.where(AdminAct.target == which.target)
    if which.before is not None:
        statement = statement.where(AdminAct.id < which.before)
    acts = list(session.scalars(statement.order_by(AdminAct.id.desc()).limit(limit + 1)))
    return ActPage(acts[:limit], acts[limit - 1].id if len(acts) > limit else None)
