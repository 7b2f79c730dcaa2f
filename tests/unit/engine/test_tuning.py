"""No setting of speed changes a picture."""

from pathlib import Path
from typing import Any

import pytest
import torch

from tests.unit.engine.requests import (
    CPU,
    check_same_picture,
    finished,
    new_request,
    run_to_end,
)
from tests.unit.engine.stock_family import SCHEDULERS, family_of, stock_image
from tests.unit.engine.tiny.families import FAMILIES, save_tiny
from worker.engine import pass_recorder
from worker.engine.denoiser import Denoiser
from worker.engine.engine import Engine
from worker.engine.loading import load_model
from worker.engine.pass_recorder import PassRecorder, Recording
from worker.engine.tuning import Attention, Tuning

SETTINGS = {
    "channels-last": Tuning(channels_last=True),
    "flash": Tuning(attention=Attention.FLASH),
    "math": Tuning(attention=Attention.MATH),
    "none of it here": Tuning(attention=Attention.CUDNN, cuda_graphs=True),
}


@pytest.mark.parametrize(
    ("name", "setting"), zip(("sdxl", "flux", "sd3", "sd21"), SETTINGS, strict=True)
)
def test_a_tuned_denoiser_makes_the_same_pictures(name: str, setting: str, tmp_path: Path) -> None:
    save_tiny(FAMILIES[name], tmp_path)
    family = family_of(name)
    model = load_model(tmp_path, family, CPU, torch.float32, SETTINGS[setting])
    engine = Engine(lambda _: model, CPU, torch.float32, max_slots=8)
    engine.load(name)
    requests = [
        new_request(scheduler, model=name, scheduler=scheduler, num_inference_steps=4 + number)
        for number, scheduler in enumerate(SCHEDULERS[family_of(name)])
    ]
    done = finished(run_to_end(engine, {0: requests}))
    for request in requests:
        expected = stock_image(name, tmp_path, request)
        check_same_picture(done[request.id].images[0], expected)


def test_channels_last_and_the_kernel_reach_the_network() -> None:
    seen: list[bool] = []

    class Network(torch.nn.Conv2d):
        device = CPU

        def forward(self, values: torch.Tensor, *, return_dict: bool) -> Any:  # type: ignore[override]
            assert not return_dict
            seen.append(torch.backends.cuda.flash_sdp_enabled())
            return (super().forward(values),)

    network = Network(4, 4, 3)
    tuning = Tuning(channels_last=True, attention=Attention.MATH)
    values = torch.randn(1, 4, 8, 8)
    assert torch.equal(Denoiser(network, tuning)(values), torch.nn.Conv2d.forward(network, values))
    assert network.weight.is_contiguous(memory_format=torch.channels_last)
    assert seen == [False]
    assert torch.backends.cuda.flash_sdp_enabled()


class Recorder:
    """Records as CUDA does: what plays back reads and writes the places of the first time."""

    def __init__(self) -> None:
        self.num_recordings = 0

    def record(self, run: Any) -> Recording:
        self.num_recordings += 1
        output = run()
        return Recording(lambda: output.copy_(run()), output)


def double(values: torch.Tensor, *, added: dict[str, torch.Tensor]) -> torch.Tensor:
    return 2 * values + added["one"].sum() - added["other"].sum()


def test_a_recorded_pass_follows_its_inputs_and_keeps_what_it_gave() -> None:
    recorder = Recorder()
    recorded = PassRecorder(double, recorder.record)
    outputs = []
    for number in range(8):
        values = torch.full((1 + number % 3, 2), float(number))
        added = {"one": torch.full((3,), 2.0 * number), "other": torch.full((2,), 1.0 + number)}
        outputs.append((recorded(values, added=added), double(values, added=added)))
    for output, expected in outputs:
        assert torch.equal(output, expected)
    assert recorder.num_recordings == 3


def test_a_shape_is_recorded_once_and_not_all_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pass_recorder, "MAX_RECORDINGS", 2)
    recorder = Recorder()
    recorded = PassRecorder(lambda values: values + 1, recorder.record)
    for size, expected in ((1, 1), (1, 1), (2, 2), (1, 2), (3, 3), (1, 3), (2, 4)):
        recorded(torch.zeros(size))
        assert recorder.num_recordings == expected
    recorded(torch.zeros(2, dtype=torch.float64))
    assert recorder.num_recordings == 5
