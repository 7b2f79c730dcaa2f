"""A worker says that it is there."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from shared.jobs.table import WorkerRow


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerReport:
    """What a worker is and what it has loaded now."""

    worker_id: str
    pool: str
    device: str
    dtype: str
    slots: int
    models: Sequence[str]
    loading: str | None


def report_worker(session: Session, report: WorkerReport) -> None:
    """Write down that the worker lives; the first report also notes when it started."""
    facts = {
        "pool": report.pool,
        "device": report.device,
        "dtype": report.dtype,
        "slots": report.slots,
        "models": list(report.models),
        "loading": report.loading,
        "seen_at": func.now(),
    }
    statement = insert(WorkerRow).values(id=report.worker_id, started_at=func.now(), **facts)
    session.execute(statement.on_conflict_do_update(index_elements=[WorkerRow.id], set_=facts))


def retire_worker(session: Session, worker_id: str) -> None:
    """Strike a worker that has stopped."""
    session.execute(delete(WorkerRow).where(WorkerRow.id == worker_id))
