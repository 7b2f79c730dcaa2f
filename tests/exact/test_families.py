"""Every family with every kind of scheduler, in company and alone, against its own pipeline.

Compiled denoisers run likewise.
"""

import random
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
import torch

from tests.exact.company import SEED, check_all, draw_share, run_alone, run_in_company
from tests.unit.engine.requests import CPU, new_request
from tests.unit.engine.stock_family import SCHEDULERS, family_of, stock_image
from tests.unit.engine.tiny.families import FAMILIES, save_tiny
from worker.engine.engine import Engine
from worker.engine.events import Pixels
from worker.engine.loading import load_model
from worker.engine.request import GenerationRequest
from worker.engine.tuning import PLAIN, Compile, Tuning

GUIDANCE = (1.0, 3.5, 7.0)
STEPS = (1, 4, 13)
SIZES_PX = ((64, 64), (96, 32), (32, 64))
PROMPTS = ("a red circle", "", "two stars above a small house " * 20)


@pytest.fixture(scope="module", params=list(FAMILIES))
def model(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Path]:
    folder = tmp_path_factory.mktemp(request.param)
    save_tiny(FAMILIES[request.param], folder)
    return request.param, folder


@pytest.mark.timeout(0)
@pytest.mark.parametrize("order", [1, 2])
def test_the_families_in_company(model: tuple[str, Path], order: int) -> None:
    requests = draw_share(list(_cross(model[0])))
    chance = random.Random(order + SEED)
    chance.shuffle(requests)
    scheduler = SCHEDULERS[family_of(model[0])][1]
    done = run_in_company(_new_engine(*model), requests, chance, scheduler=scheduler)
    check_all(requests, done, lambda request, image: _stock(model, request, image.seed))


@pytest.mark.timeout(0)
def test_the_families_alone(model: tuple[str, Path]) -> None:
    requests = draw_share(list(_cross(model[0])))
    done = run_alone(_new_engine(*model), requests)
    check_all(requests, done, lambda request, image: _stock(model, request, image.seed))


@pytest.mark.timeout(0)
def test_compiled_blocks_make_the_same_pictures(model: tuple[str, Path]) -> None:
    """Each number of rows is one more shape of what was compiled once."""
    requests = list(_cross(model[0]))[:4]
    engine = _new_engine(*model, tuning=Tuning(compile=Compile.REGIONAL))
    done = run_in_company(engine, requests, random.Random(SEED), scheduler=requests[0].scheduler)
    check_all(requests, done, lambda request, image: _stock(model, request, image.seed))


def _cross(name: str) -> Iterator[GenerationRequest]:
    """Every scheduler x guidance x step count; sizes, prompts and seeds take turns."""
    cross = product(SCHEDULERS[family_of(name)], GUIDANCE, STEPS)
    for number, (scheduler, guidance_scale, steps) in enumerate(cross):
        width_px, height_px = SIZES_PX[number % len(SIZES_PX)]
        yield new_request(
            f"{number}: {scheduler}, guidance {guidance_scale}, {steps} steps, {width_px} px",
            model=name,
            prompt=PROMPTS[number // 3 % len(PROMPTS)],
            negative_prompt="a blue square" if number % 2 else "",
            scheduler=scheduler,
            guidance_scale=guidance_scale,
            num_inference_steps=steps,
            width_px=width_px,
            height_px=height_px,
            seeds=(number,) if number % 4 else (11, 12),
            preview_every=number % 3,
        )


def _new_engine(name: str, folder: Path, tuning: Tuning = PLAIN) -> Engine:
    loaded = load_model(folder, family_of(name), CPU, torch.float32, tuning)
    engine = Engine(lambda _: loaded, CPU, torch.float32, max_slots=8)
    engine.load(name)
    return engine


def _stock(model: tuple[str, Path], request: GenerationRequest, seed: int) -> Pixels:
    [index] = [number for number, one in enumerate(request.images) if one.seed == seed]
    return stock_image(*model, request, index)
