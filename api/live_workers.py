"""Which workers live, asked at most twice a second: every view of a queued job wants to know."""

import time
from collections.abc import Sequence

from sqlalchemy.orm import Session

from shared.jobs.lookups import list_workers
from shared.jobs.table import WorkerRow

FRESH_S = 0.5


class LiveWorkers:
    """Remembers the answer for a moment; two threads that ask at once cost one query more."""

    def __init__(self, seen_within_s: float) -> None:
        self._seen_within_s = seen_within_s
        self._workers: Sequence[WorkerRow] = ()
        self._fresh_until_s = 0.0

    def recent(self, session: Session) -> Sequence[WorkerRow]:
        """Return the workers that gave a sign of life lately."""
        now_s = time.monotonic()
        if now_s >= self._fresh_until_s:
            self._workers = list_workers(session, self._seen_within_s)
            self._fresh_until_s = now_s + FRESH_S
        return self._workers
