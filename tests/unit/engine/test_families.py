"""Each family's pictures equal those of its own diffusers pipeline, whoever shares the batch."""

from pathlib import Path

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
from worker.engine.engine import Engine
from worker.engine.events import Finished
from worker.engine.loading import load_model
from worker.engine.model import LoadedModel
from worker.engine.request import GenerationRequest

LONG = "two stars above a small house " * 3


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    made = {name: tmp_path_factory.mktemp(name) for name in FAMILIES}
    for name, make in FAMILIES.items():
        save_tiny(make, made[name])
    return made


def load(name: str, folder: Path, dtype: torch.dtype = torch.float32) -> LoadedModel:
    return load_model(folder, family_of(name), CPU, dtype)


def run(
    name: str, folder: Path, arrivals: dict[int, list[GenerationRequest]]
) -> dict[str, Finished]:
    engine = Engine(lambda _: load(name, folder), CPU, torch.float32, max_slots=8)
    engine.load(name)
    return finished(run_to_end(engine, arrivals))


@pytest.mark.parametrize("name", FAMILIES)
def test_each_picture_in_mixed_company_equals_its_pipeline(
    name: str, folders: dict[str, Path]
) -> None:
    first, second = SCHEDULERS[family_of(name)]
    arrivals = {
        0: [
            new_request("long", model=name, scheduler=first, num_inference_steps=9, prompt=LONG),
            new_request(
                "guided",
                model=name,
                scheduler=second,
                guidance_scale=6.0,
                negative_prompt="a blue square",
                seeds=(3, 4),
            ),
        ],
        2: [
            new_request("unguided", model=name, scheduler=second, guidance_scale=1.0, prompt=""),
            new_request("wide", model=name, scheduler=first, width_px=96, height_px=32),
        ],
        3: [new_request("short", model=name, scheduler=first, num_inference_steps=2, seeds=(7,))],
    }
    done = run(name, folders[name], arrivals)
    for request in (request for group in arrivals.values() for request in group):
        for index, picture in enumerate(done[request.id].images):
            check_same_picture(picture, stock_image(name, folders[name], request, index))
