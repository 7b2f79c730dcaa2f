"""The jobs that this process holds a lease on: the one thing that its threads share."""

import threading
from collections import Counter
from enum import StrEnum

from shared.ids import TenantId
from shared.jobs.claim import ClaimedJob, Held
from worker.encode_image import Pixels
from worker.engine.request import Priority, StartPicture


class StopReason(StrEnum):
    """Why a job that we hold is not to go on."""

    CANCELED = "canceled"
    LOST = "lost"


class HeldJob:
    """One claimed job, from its claim until its end is written or its lease is lost.

    Attributes:
        id: Name of this attempt in the engine; a later attempt of the same job has another.
        start: The picture it begins with, once that was fetched; None where it begins with noise.
        step: Steps done so far.
        told_s: When its stream was last told of a step.
        preview: A picture of what it becomes that its stream was not told yet.
        stop: Why it is not to go on, once it is not.
        takes_slot: Until the engine has ended it.
        is_started: The engine has it.
        is_paused: The engine keeps it, but another of its tenant's jobs has its slot.
    """

    def __init__(self, claimed: ClaimedJob) -> None:
        self.claimed = claimed
        self.held = claimed.held
        self.id = f"{claimed.held.job_id}/{claimed.held.attempt}"
        self.start: StartPicture | None = None
        self.step = 0
        self.told_s = 0.0
        self.preview: Pixels | None = None
        self.stop: StopReason | None = None
        self.takes_slot = True
        self.is_started = False
        self.is_paused = False

    @property
    def tenant_id(self) -> TenantId:
        """Whose job it is."""
        return self.claimed.tenant_id

    @property
    def is_urgent(self) -> bool:
        """Whether it may take the slot of one that gives way."""
        return self.claimed.priority == Priority.HIGH

    @property
    def gives_way(self) -> bool:
        """Whether an urgent job of its tenant may take its slot."""
        is_free = self.takes_slot and not self.is_paused and not self.is_alone
        return is_free and self.claimed.priority == Priority.LOW

    @property
    def is_alone(self) -> bool:
        """Whether it cost a worker its life before, so that it must have no neighbour."""
        return self.claimed.lost_attempts > 0


class HeldJobs:
    """A table of held jobs that is safe to use from several threads.

    Attributes:
        is_room_wanted: More jobs may be queued than there was room for, so that whoever makes
            room wakes the claimer.
    """

    def __init__(self) -> None:
        self.is_room_wanted = True
        self._jobs: dict[Held, HeldJob] = {}
        self._stopped: list[HeldJob] = []
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._jobs)

    def add(self, claimed: ClaimedJob) -> HeldJob:
        """Hold a job that was just claimed."""
        job = HeldJob(claimed)
        with self._lock:
            self._jobs[job.held] = job
        return job

    def remove(self, job: HeldJob) -> None:
        """Hold the job no longer."""
        with self._lock:
            self._jobs.pop(job.held, None)

    def list_held(self) -> list[HeldJob]:
        """Return every held job as of now."""
        with self._lock:
            return list(self._jobs.values())

    def count_slots(self) -> int:
        """Return how many of the engine's slots they take, are about to, or will take again."""
        return sum(job.takes_slot for job in self.list_held())

    def count_unpaused(self) -> int:
        """Return how many of the engine's slots they take, or are about to."""
        return sum(job.takes_slot and not job.is_paused for job in self.list_held())

    def count_yielding(self) -> dict[TenantId, int]:
        """Return how many more urgent jobs of each tenant its other ones would make room for."""
        yielding: Counter[TenantId] = Counter()
        for job in self.list_held():
            yielding[job.tenant_id] += job.gives_way
            yielding[job.tenant_id] -= job.is_urgent and not job.is_started
        return {tenant_id: count for tenant_id, count in yielding.items() if count > 0}

    def ask_stop(self, held: Held, reason: StopReason) -> None:
        """Let the loop stop a job at its next turn; a lost lease outweighs a cancel."""
        with self._lock:
            job = self._jobs.get(held)
            if job is not None and job.stop not in {reason, StopReason.LOST}:
                job.stop = reason
                self._stopped.append(job)

    def take_stopped(self) -> list[HeldJob]:
        """Return the jobs asked to stop since the last call."""
        with self._lock:
            taken, self._stopped = self._stopped, []
        return taken
