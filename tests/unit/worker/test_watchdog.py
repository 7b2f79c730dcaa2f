"""The watchdog bites whatever stands still, even where the interpreter lock is held."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
STALL = {
    "asleep": "time.sleep(30)",
    # one call into C that never lets go of the interpreter
    "in native code": "sum(itertools.repeat(0, 10**11))",
}


def run(body: str) -> "subprocess.CompletedProcess[bytes]":
    program = f"""
import itertools, time
from worker.watchdog import Watchdog
dog = Watchdog(stall_s=0.4, load_stall_s=20)
{body}
"""
    return subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, timeout=25, check=False
    )


@pytest.mark.parametrize("stall", STALL.values(), ids=STALL)
def test_a_stalled_process_ends_and_shows_where(stall: str) -> None:
    done = run(f"dog.feed()\n{stall}")
    assert done.returncode == 1
    assert b"most recent call first" in done.stderr


def test_a_fed_process_lives() -> None:
    done = run("for _ in range(15):\n    dog.feed(); time.sleep(0.1)")
    assert done.returncode == 0, done.stderr


def test_loading_may_take_longer_and_rest_is_no_stall() -> None:
    body = "dog.feed_for_loading(); time.sleep(0.8); dog.feed(); dog.stop(); time.sleep(0.8)"
    assert run(body).returncode == 0
