"""Signs of life: extend what a worker still holds, learn what it must drop."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Integer, Text, and_, column, func, update, values
from sqlalchemy.orm import Session

from shared.jobs.claim import Held
from shared.jobs.status import JobStatus
from shared.jobs.table import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """What became of the jobs a worker named: each is in exactly one of the three."""

    kept: frozenset[Held]
    canceled: frozenset[Held]
    lost: frozenset[Held]


def extend_leases(session: Session, steps: Mapping[Held, int], lease_s: float) -> Pulse:
    """Extend the lease of every held job in one statement and note the steps it has done.

    A job whose caller asked to cancel is extended too: its worker still has to end it. `lost` are
    those that ended, expired or went to another attempt; nothing made for them may be kept.
    """
    if not steps:
        return Pulse(kept=frozenset(), canceled=frozenset(), lost=frozenset())
    named = values(
        column("job_id", Text), column("attempt", Integer), column("step", Integer), name="named"
    ).data([(held.job_id, held.attempt, step) for held, step in steps.items()])
    rows = session.execute(
        update(Job)
        .where(
            and_(
                Job.id == named.c.job_id,
                Job.attempt == named.c.attempt,
                Job.status == JobStatus.RUNNING,
            )
        )
        .values(
            lease_expires_at=func.now() + timedelta(seconds=lease_s),
            # a scheduler may take one step more than it was asked for
            progress_step=func.least(func.greatest(Job.progress_step, named.c.step), Job.num_steps),
        )
        .returning(Job.id, Job.attempt, Job.cancel_requested_at)
        .execution_options(synchronize_session=False)
    ).all()
    canceled = frozenset(Held(row.id, row.attempt) for row in rows if row.cancel_requested_at)
    extended = frozenset(Held(row.id, row.attempt) for row in rows)
    return Pulse(kept=extended - canceled, canceled=canceled, lost=frozenset(steps) - extended)
