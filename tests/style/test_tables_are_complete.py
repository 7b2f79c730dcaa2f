"""Tables that must name every member of a set."""

from api.errors import HTTP_STATUS
from docs.job_errors import JOB_ERRORS
from shared import errors
from shared.jobs.status import END_STATUSES, MOVES, JobErrorCode, JobStatus


def descendants(base: type[Exception]) -> set[type[Exception]]:
    below = set(base.__subclasses__())
    return below.union(*(descendants(one) for one in below))


def domain_errors() -> set[type[Exception]]:
    return descendants(errors.DomainError)


def test_every_domain_error_has_a_status() -> None:
    assert domain_errors() == set(HTTP_STATUS)


def test_every_domain_error_is_in_the_tree_docstring() -> None:
    drawn = [line.strip() for line in (errors.__doc__ or "").splitlines()]
    assert {f"- {error.__name__}" for error in domain_errors()} <= set(drawn)


def test_every_domain_error_has_a_word_of_its_own() -> None:
    codes = [error.code for error in HTTP_STATUS]
    assert len(set(codes)) == len(codes)


def test_every_status_has_moves() -> None:
    assert set(MOVES) == set(JobStatus)
    assert {status for status in JobStatus if not MOVES[status]} == END_STATUSES


def test_every_reason_of_a_failed_job_is_explained() -> None:
    assert set(JOB_ERRORS) == set(JobErrorCode)


def test_an_error_below_an_error_is_seen() -> None:
    class Base(Exception): ...

    class Middle(Base): ...

    class Leaf(Middle): ...

    assert descendants(Base) == {Middle, Leaf}
