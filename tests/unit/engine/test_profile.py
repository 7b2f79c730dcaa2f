"""How wide passes pay, measured on a clock that the test turns, and kept on disk."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch

from worker.engine import profile as profile_module
from worker.engine.budget import MeasuredRowBudget
from worker.engine.member import BatchKey
from worker.engine.memory import DeviceMemory, is_out_of_memory
from worker.engine.profile import (
    MAX_ROWS,
    PATIENCE_S,
    Profile,
    ProfileFolder,
    measure_profile,
)

MACHINE = {"device": "cpu", "torch": "1"}
SUBJECT = {"weights": "w", "shape": ((4, 8, 8), (24, 16))}
KEY = BatchKey("a", ((4, 8, 8),), None)
ONE_MB = 1_000_000


class Device:
    """A device on which a pass takes and holds what the test says, and whose clock it turns."""

    def __init__(self, seconds: Callable[[int], float], fits: int = 10**9) -> None:
        self.now_s = 0.0
        self.asked: list[int] = []
        self._seconds = seconds
        self._fits = fits

    def monotonic(self) -> float:
        return self.now_s

    def perf_counter(self) -> float:
        return self.now_s

    def run_pass(self, num_rows: int) -> None:
        self.asked.append(num_rows)
        if num_rows > self._fits:
            raise torch.OutOfMemoryError
        self.now_s += self._seconds(num_rows)

    def decode(self) -> None: ...

    def peak_bytes(self, work: Callable[[], object]) -> int:
        work()
        return ONE_MB


@pytest.fixture
def measure(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Profile]:
    def run(device: Device, free_bytes: int = 10**12, patience_s: float = 10**6) -> Profile:
        monkeypatch.setattr(profile_module, "time", device)
        return measure_profile(device, device.peak_bytes, free_bytes, patience_s)

    return run


@pytest.mark.parametrize(
    ("seconds", "knee"),
    [
        (lambda _: 1.0, MAX_ROWS),  # a row more costs nothing
        (lambda rows: rows, 1),  # a row more costs a row
        (lambda rows: 6 + rows, 128),  # 0.955 rows a second at 128, 0.977 at 256: too little
        (lambda rows: max(16, rows), 16),
        (lambda rows: rows**1.5, 1),  # wide passes do not fit the cache
        (lambda rows: (6 + rows) * (5 if rows == 4 else 1), 128),  # one measurement disturbed
    ],
)
def test_the_knee_is_where_twice_the_rows_bring_little(
    measure: Callable[..., Profile], seconds: Callable[[int], float], knee: int
) -> None:
    assert measure(Device(seconds)).knee == knee


def test_measuring_ends_soon_after_growth_does(measure: Callable[..., Profile]) -> None:
    device = Device(lambda rows: max(4, rows))
    assert measure(device).knee == 4
    assert max(device.asked) == 16


def test_measuring_ends_with_patience_or_memory(measure: Callable[..., Profile]) -> None:
    impatient = Device(lambda _: PATIENCE_S / 10)
    assert measure(impatient, patience_s=PATIENCE_S).knee < MAX_ROWS
    assert impatient.now_s < 1.5 * PATIENCE_S
    slow = Device(lambda _: 30.0)
    assert measure(slow, patience_s=PATIENCE_S).seconds == {1: 30.0}
    assert measure(Device(lambda _: 1.0, fits=20)).knee == 16
    assert measure(Device(lambda _: 1.0), free_bytes=9 * ONE_MB).knee == 8
    assert measure(Device(lambda _: 1.0), free_bytes=0).knee == 1
    with pytest.raises(torch.OutOfMemoryError):
        measure(Device(lambda _: 1.0, fits=0))


def test_a_width_that_raises_bounds_those_that_are_tried(measure: Callable[..., Profile]) -> None:
    class Narrow(Device):
        def run_pass(self, num_rows: int) -> None:
            super().run_pass(num_rows)
            if num_rows > 8:
                raise RuntimeError("canUse32BitIndexMath")

    assert measure(Narrow(lambda _: 1.0)).knee == 8


def test_a_device_that_is_lost_is_told(measure: Callable[..., Profile]) -> None:
    class Lost(Device):
        def run_pass(self, num_rows: int) -> None:
            super().run_pass(num_rows)
            if num_rows > 8:
                raise torch.AcceleratorError("an illegal memory access was encountered")

    with pytest.raises(torch.AcceleratorError):
        measure(Lost(lambda _: 1.0))


def test_what_is_between_and_beyond_the_measured_is_estimated() -> None:
    profile = Profile({1: 2.0, 2: 3.0, 4: 5.0}, 0, 0)
    assert [profile.cost_s(rows) for rows in (1, 2, 3, 4, 8)] == [2.0, 3.0, 4.0, 5.0, 10.0]


def test_a_profile_is_read_back(tmp_path: Path) -> None:
    profile = Profile({1: 0.5, 2: 0.75}, 10, 20)
    folder = tmp_path / "not" / "there"
    ProfileFolder(folder, MACHINE).write(SUBJECT, profile)
    assert ProfileFolder(folder, MACHINE).read(SUBJECT) == profile
    assert len(list(folder.iterdir())) == 1


@pytest.mark.parametrize(
    ("machine", "subject"),
    [
        (MACHINE | {"torch": "2"}, SUBJECT),
        (MACHINE | {"device": "cuda"}, SUBJECT),
        (MACHINE, SUBJECT | {"weights": "v"}),
        (MACHINE, SUBJECT | {"shape": ((4, 8, 9),)}),
    ],
)
def test_of_another_machine_or_model_nothing_is_read(
    tmp_path: Path, machine: Mapping[str, str], subject: Mapping[str, Any]
) -> None:
    ProfileFolder(tmp_path, MACHINE).write(SUBJECT, Profile({1: 0.5}, 1, 1))
    assert ProfileFolder(tmp_path, machine).read(subject) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[: len(text) // 2],
        lambda _: "",
        lambda _: "[]",
        lambda text: text.replace('"1": 0.5', '"1": -0.5'),
        lambda text: text.replace('"1": 0.5', '"1": Infinity'),
        lambda text: text.replace('"1": 0.5', '"3": 0.5'),
        lambda text: text.replace('"1": 0.5', ""),
        lambda text: text.replace('"weights": "w"', '"weights": "v"'),
        lambda text: text.replace("row_bytes", "bytes"),
    ],
)
def test_a_file_that_is_not_as_it_was_written_is_not_read(
    tmp_path: Path, change: Callable[[str], str]
) -> None:
    profiles = ProfileFolder(tmp_path, MACHINE)
    profiles.write(SUBJECT, Profile({1: 0.5}, 1, 1))
    (path,) = tmp_path.iterdir()
    text = path.read_text()
    assert change(text) != text
    path.write_text(change(text))
    assert profiles.read(SUBJECT) is None


def test_a_folder_that_cannot_be_written_to_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    profiles = ProfileFolder(tmp_path / "file", MACHINE)
    profiles.write(SUBJECT, Profile({1: 0.5}, 1, 1))
    assert profiles.read(SUBJECT) is None


def test_a_key_is_measured_once_whoever_uses_it(tmp_path: Path) -> None:
    memory = DeviceMemory(torch.device("cpu"))
    first, second = Device(lambda _: 1.0), Device(lambda _: 1.0)
    for device in (first, second):
        budget = MeasuredRowBudget(ProfileFolder(tmp_path, MACHINE), memory, str)
        budget.learn(KEY, device)
        budget.learn(BatchKey(KEY.model, KEY.shape, "somebody"), device)
        assert budget.max_rows(KEY) == budget.max_rows(BatchKey(KEY.model, KEY.shape, "s"))
        assert budget.cost(KEY, 2) > 0
    assert first.asked
    assert not second.asked
    (path,) = tmp_path.iterdir()
    assert json.loads(path.read_text())["of"]["weights"] == "a"


def test_the_most_that_lives_at_once_is_counted() -> None:
    memory = DeviceMemory(torch.device("cpu"))

    def work() -> None:
        held = torch.ones(1000, dtype=torch.float32)
        for _ in range(3):
            held = held + 1  # the old and the new one
        held.add_(1)
        held.reshape(10, 100).sum()

    assert 8000 <= memory.peak_bytes(work) <= 8100


def test_memory_is_bounded_by_what_is_free_and_by_the_limit() -> None:
    cpu = torch.device("cpu")
    free = DeviceMemory(cpu).free_bytes()
    assert 0 < free < 2**50
    assert DeviceMemory(cpu, limit_bytes=1).free_bytes() < 0
    assert DeviceMemory(cpu, limit_bytes=2**50).free_bytes() < 2**50


def test_what_counts_as_out_of_memory() -> None:
    with pytest.raises(RuntimeError) as host:
        torch.empty(10**15)
    assert is_out_of_memory(host.value)
    assert is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory"))
    assert not is_out_of_memory(RuntimeError("shape mismatch"))
