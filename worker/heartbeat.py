"""The sign of life: reports the worker, extends every lease, hears what is to stop."""

import logging
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from shared.db import Sessions, transaction
from shared.jobs.extend import extend_leases
from shared.jobs.report_worker import WorkerReport, report_worker
from worker.held_jobs import HeldJobs, StopReason
from worker.retry import DATABASE_AWAY

SHORTEST_PAUSE_S = 0.2

_log = logging.getLogger(__name__)


class Heartbeat:
    """Beats from a thread of its own for as long as the process lives, idle or not.

    A beat that the database does not hear is made up for by the next; a lease outlives several.
    """

    def __init__(
        self,
        sessions: Sessions,
        held: HeldJobs,
        describe: Callable[[], WorkerReport],
        interval_s: float,
        lease_s: float,
    ) -> None:
        self._sessions = sessions
        self._held = held
        self._describe = describe
        self._interval_s = interval_s
        self._lease_s = lease_s
        self._ending = threading.Event()
        self._early = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)

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
        self._early.set()
        self._thread.join()

    def beat_early(self) -> None:
        """Beat now if a job is held: its caller may have canceled it."""
        if len(self._held):
            self._early.set()

    def _run(self) -> None:
        while not self._ending.is_set():
            try:
                self._beat()
            except DATABASE_AWAY as error:
                _log.warning("heartbeat: %s", type(error).__name__)
            except Exception:  # noqa: BLE001 - without beats every job we hold would be lost
                _log.exception("heartbeat")
            # however often it is asked to beat early, the database is left a pause
            self._ending.wait(min(SHORTEST_PAUSE_S, self._interval_s))
            self._early.wait(self._interval_s)
            self._early.clear()

    def _beat(self) -> None:
        steps = {job.held: job.step for job in self._held.list_held()}
        with transaction(self._sessions) as session:
            report_worker(session, self._describe())
            pulse = extend_leases(session, steps, self._lease_s)
        for held in pulse.canceled:
            self._held.ask_stop(held, StopReason.CANCELED)
        for held in pulse.lost:
            self._held.ask_stop(held, StopReason.LOST)
