"""The statuses of a job and the moves between them. `docs/job-status.md` draws this table."""

from enum import StrEnum

from shared.errors import InvalidTransition


class JobStatus(StrEnum):
    """Where a job is in its life."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


MOVES: dict[JobStatus, frozenset[JobStatus]] = {
    JobStatus.QUEUED: frozenset({JobStatus.RUNNING, JobStatus.FAILED, JobStatus.CANCELED}),
    JobStatus.RUNNING: frozenset(
        {JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELED, JobStatus.QUEUED}
    ),
    JobStatus.SUCCEEDED: frozenset(),
    JobStatus.FAILED: frozenset(),
    JobStatus.CANCELED: frozenset(),
}

END_STATUSES = frozenset(status for status, moves in MOVES.items() if not moves)


class JobErrorCode(StrEnum):
    """Why a job failed, as its `error.code` says it."""

    WORKER_LOST = "worker-lost"
    DEADLINE_EXCEEDED = "deadline-exceeded"
    GENERATION_ERROR = "generation-error"
    NON_FINITE_LATENTS = "non-finite-latents"
    OUT_OF_MEMORY = "out-of-memory"
    UNSUPPORTED = "unsupported"
    MODEL_UNAVAILABLE = "model-unavailable"
    STORAGE_UNAVAILABLE = "storage-unavailable"
    INPUT_MISSING = "input-missing"
    INPUT_UNREADABLE = "input-unreadable"


def check_move(old: JobStatus, new: JobStatus) -> None:
    """Raise unless a job may go from `old` to `new`.

    Raises:
        InvalidTransition: The move is not in `MOVES`.
    """
    if new not in MOVES[old]:
        raise InvalidTransition(old, new)
