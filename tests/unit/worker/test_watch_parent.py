"""A parent is ended only when doorbells wait for long while its child idles."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import redis

from worker.watch_parent import ParentWatch

ROOT = Path(__file__).parents[3]


def watch(*, doorbells: int, is_busy: bool, patience_s: float = 0.1) -> int:
    """Return how often the parent was told to end within half a second."""
    ended: list[float] = []
    with ParentWatch(
        lambda: doorbells,
        lambda: is_busy,
        lambda: ended.append(time.monotonic()),
        interval_s=0.02,
        patience_s=patience_s,
    ):
        time.sleep(0.5)
    return len(ended)


def test_a_deaf_parent_is_ended() -> None:
    assert watch(doorbells=1, is_busy=False) >= 1


@pytest.mark.parametrize(
    ("doorbells", "is_busy", "patience_s"), [(0, False, 0.1), (1, True, 0.1), (1, False, 60)]
)
def test_any_other_is_left_alone(doorbells: int, is_busy: bool, patience_s: float) -> None:
    assert watch(doorbells=doorbells, is_busy=is_busy, patience_s=patience_s) == 0


def test_nobody_is_deaf_while_redis_is_down() -> None:
    ended: list[bool] = []

    def count() -> int:
        raise redis.ConnectionError

    with ParentWatch(count, lambda: False, lambda: ended.append(True), 0.02, 0.1):
        time.sleep(0.5)
    assert not ended


def test_a_parent_that_does_not_obey_is_killed() -> None:
    child = "from worker.watch_parent import ParentEnder; e = ParentEnder(); e(); e()"
    parent = f"""
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.run([sys.executable, "-c", {child!r}])
time.sleep(30)
"""
    done = subprocess.run(
        [sys.executable, "-c", parent], cwd=ROOT, env=dict(os.environ), timeout=60, check=False
    )
    assert done.returncode == -signal.SIGKILL
