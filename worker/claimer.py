"""The claimer: moves jobs from the queue into the engine's slots, from a thread of its own.

Into free ones; and where there are none, a tenant's urgent job into the slot of its own low one,
which the loop pauses for it.
"""

import logging
import threading
import time
from functools import partial
from types import TracebackType
from typing import Self

from sqlalchemy.orm import Session

from shared.db import transaction
from shared.jobs.claim import ClaimedJob, claim_jobs, claim_urgent
from shared.jobs.finish import release_job
from shared.jobs.resolved import ResolvedRequest
from worker.fetch_inputs import InputFetcher
from worker.find_inputs import find_input_keys
from worker.make_start import list_sources
from worker.parts import Parts
from worker.retry import DATABASE_AWAY

# Jobs past the engine wait for the store; beyond so many for each slot, no more are claimed.
MAX_HELD_PER_SLOT = 3

_log = logging.getLogger(__name__)


class Claimer:
    """Claims until the shift is over, which it alone decides: no job slips in between.

    Attributes:
        is_claiming: Whether more jobs may come. Once false, it stays so.
    """

    def __init__(self, parts: Parts, fetcher: InputFetcher) -> None:
        self.is_claiming = True
        self._parts = parts
        self._fetcher = fetcher
        self._grace_ends_s: float | None = None
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="claimer", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ending.set()
        self._parts.wake.set()
        self._thread.join()

    @property
    def is_grace_over(self) -> bool:
        """Whether the worker drains and has had its time to finish what it runs."""
        return self._grace_ends_s is not None and time.monotonic() >= self._grace_ends_s

    def _run(self) -> None:
        try:
            self._claim_until_over()
        except Exception:  # noqa: BLE001 - a shift whose claims broke must still end
            _log.exception("claiming broke; the shift ends with what it holds")
        self.is_claiming = False

    def _claim_until_over(self) -> None:
        busy_s = time.monotonic()
        while not self._ending.is_set():
            if self._parts.drain.is_raised:
                self._grace_ends_s = time.monotonic() + self._parts.settings.drain_grace_s
                break
            if self._claim() or len(self._parts.held) or not self._parts.listener.is_reachable:
                busy_s = time.monotonic()
            elif time.monotonic() - busy_s >= self._parts.settings.shift_linger_s:
                break
            self._parts.wake.wait(self._parts.settings.claim_interval_s)
            self._parts.wake.clear()

    def _claim(self) -> bool:
        """Claim into the slots there are; tell whether the shift has reason to go on."""
        self._parts.held.is_room_wanted = True  # before counting, so that no freed slot is missed
        limit = self._count_free()
        yielding = self._parts.held.count_yielding() if limit <= 0 else {}
        if self._has_no_room or (limit <= 0 and not yielding):
            return True
        settings = self._parts.settings
        claim = (
            partial(claim_urgent, limits=yielding) if yielding else partial(claim_jobs, limit=limit)
        )
        try:
            with transaction(self._parts.sessions) as session:
                claimed = claim(
                    session, settings.pool, self._parts.worker_id, lease_s=settings.lease_s
                )
                claimed = _without_bad_company(session, claimed)
                keys = {job.held: _find_keys(session, job) for job in claimed}
                self._parts.faults.reach("before-claim")
        except DATABASE_AWAY as error:
            _log.warning("claiming: %s", type(error).__name__)
            return True
        self._parts.faults.reach("after-claim")
        for job in claimed:
            self._fetcher.fetch(self._parts.held.add(job), keys[job.held])
        is_all = len(claimed) < limit and not any(job.lost_attempts for job in claimed)
        self._parts.held.is_room_wanted = not is_all
        return bool(claimed)

    @property
    def _has_no_room(self) -> bool:
        """Whether as many are held as may be, or one that must have no neighbour."""
        held = self._parts.held
        is_full = len(held) >= self._parts.settings.slots * MAX_HELD_PER_SLOT
        return is_full or any(job.is_alone for job in held.list_held())

    def _count_free(self) -> int:
        """Return how many slots nobody takes; a paused job is to get the next one."""
        held, slots = self._parts.held, self._parts.settings.slots
        return min(slots - held.count_slots(), slots * MAX_HELD_PER_SLOT - len(held))


def _without_bad_company(session: Session, claimed: list[ClaimedJob]) -> list[ClaimedJob]:
    """Keep one at most of the jobs that cost a worker its life, after the others.

    The rest go back: the one that is at fault would take the innocent along again.
    """
    innocent = [job for job in claimed if not job.lost_attempts]
    suspects = [job for job in claimed if job.lost_attempts]
    for job in suspects[1:]:
        release_job(session, job.held)
    return innocent + suspects[:1]


def _find_keys(session: Session, job: ClaimedJob) -> dict[str, str]:
    sources = list_sources(ResolvedRequest.model_validate(job.request))
    return find_input_keys(session, job.tenant_id, sources)
