import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from worker.fault_points import FaultPointInvalid, FaultPoints

ROOT = Path(__file__).parents[3]


def reach(setting: str) -> int:
    program = f"from worker.fault_points import FaultPoints; FaultPoints({setting!r}).reach('put')"
    return subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode


def test_nothing_is_armed_by_default() -> None:
    for setting in (None, ""):
        FaultPoints(setting).reach("put")


def test_kill_ends_the_process_as_the_kernel_would() -> None:
    assert reach("put:kill") == -signal.SIGKILL
    assert reach("take:kill") == 0


def test_kill_with_a_path_ends_one_process_only(tmp_path: Path) -> None:
    setting = f"put:kill={tmp_path / 'done'}"
    assert [reach(setting), reach(setting)] == [-signal.SIGKILL, 0]


def test_a_point_may_be_armed_for_some_subjects() -> None:
    points = FaultPoints("put@poison:sleep=0.2")
    begun = time.monotonic()
    points.reach("put", "a red circle")
    assert time.monotonic() - begun < 0.1
    points.reach("put", "a poison bottle")
    assert time.monotonic() - begun >= 0.2


def test_several_points_may_be_armed(tmp_path: Path) -> None:
    setting = f"take:sleep=0;put:kill={tmp_path / 'done'}"
    assert reach(setting) == -signal.SIGKILL


@pytest.mark.parametrize("setting", ["put", "put:explode", "put:", "put:kill;take"])
def test_a_misspelled_setting_is_refused(setting: str) -> None:
    with pytest.raises(FaultPointInvalid):
        FaultPoints(setting)
