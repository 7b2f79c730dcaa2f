"""The moves of a job: exactly those that its life needs."""

import itertools

import pytest

from shared.errors import InvalidTransition
from shared.jobs.status import END_STATUSES, MOVES, JobStatus, check_move


@pytest.mark.parametrize(("old", "new"), list(itertools.product(JobStatus, JobStatus)))
def test_a_move_is_allowed_or_refused_by_the_table(old: JobStatus, new: JobStatus) -> None:
    if new in MOVES[old]:
        check_move(old, new)
    else:
        with pytest.raises(InvalidTransition):
            check_move(old, new)


def test_an_end_status_never_changes() -> None:
    assert {JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELED} == END_STATUSES
