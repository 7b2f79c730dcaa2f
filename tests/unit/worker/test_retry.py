import threading
import time

import pytest

from worker.retry import retry


class Flaky:
    def __init__(self, failures: int) -> None:
        self.left = failures
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        self.left -= 1
        if self.left >= 0:
            raise ConnectionError
        return "done"


def test_what_passes_is_tried_again() -> None:
    flaky = Flaky(2)
    assert retry(flaky, (ConnectionError,), 5, threading.Event()) == "done"
    assert flaky.calls == 3


def test_what_does_not_pass_is_raised_at_once() -> None:
    flaky = Flaky(1)
    with pytest.raises(ConnectionError):
        retry(flaky, (TimeoutError,), 5, threading.Event())
    assert flaky.calls == 1


def test_patience_ends() -> None:
    begun = time.monotonic()
    with pytest.raises(ConnectionError):
        retry(Flaky(1000), (ConnectionError,), 0.5, threading.Event())
    assert time.monotonic() - begun < 5


def test_an_ending_process_tries_once_more_at_most() -> None:
    ending, flaky = threading.Event(), Flaky(1000)
    ending.set()
    with pytest.raises(ConnectionError):
        retry(flaky, (ConnectionError,), 60, ending)
    assert flaky.calls == 1
