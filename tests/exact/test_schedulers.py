"""Every scheduler and spacing, step count and guidance, in company and alone, against diffusers.

`mini` predicts v from pure noise; the other model predicts noise and is small and random. Requests
arrive at random ticks into eight slots, strangers beside them are canceled, anyone may be paused,
and each picture is compared with what the stock pipeline makes of the same seed alone.
"""

import random
from collections.abc import Callable, Iterator
from functools import cache
from itertools import product
from pathlib import Path

import pytest

from tests.exact.company import SEED, check_all, draw_share, run_alone, run_in_company
from tests.unit.engine.conftest import EPSILON, MINI
from tests.unit.engine.requests import diffusers_image, new_engine, new_request
from tests.unit.engine.stock import STOCK
from tests.unit.engine.tiny_model import save_tiny_model
from worker.engine.events import Pixels
from worker.engine.request import GenerationRequest, ImageRequest
from worker.engine.scheduler_names import SPACINGS

STEPS = (1, 2, 4, 12, 30, 61)  # 61 is rounded to 62 timesteps, and is past the grid of lcm and tcd
GUIDANCE = (1.0, 2.5, 7.5)
SIZES_PX = ((128, 128), (64, 64), (256, 256), (160, 96))
SEEDS = (0, 7, 2**32 + 5, 2**63 - 1)
PROMPTS = ("a red circle left of a blue square on a yellow background", "", "two stars " * 20)

Stock = Callable[[GenerationRequest, ImageRequest], Pixels]


@pytest.fixture(scope="module", params=["mini", "epsilon"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if request.param == "mini":
        return MINI
    small = tmp_path_factory.mktemp("epsilon")
    save_tiny_model(small, EPSILON)
    return small


@pytest.fixture(scope="module")
def make_stock(folder: Path) -> Stock:
    return cache(lambda request, image: diffusers_image(folder, request, image))


@pytest.mark.timeout(0)
@pytest.mark.parametrize("order", [1, 2])
def test_the_cross_in_company(folder: Path, make_stock: Stock, order: int) -> None:
    requests = draw_share(list(_cross()))
    chance = random.Random(order + SEED)
    chance.shuffle(requests)
    done = run_in_company(new_engine({"model": folder}), requests, chance)
    check_all(requests, done, make_stock)


@pytest.mark.timeout(0)
def test_the_cross_alone(folder: Path, make_stock: Stock) -> None:
    requests = draw_share(list(_cross()))
    check_all(requests, run_alone(new_engine({"model": folder}), requests), make_stock)


def _cross() -> Iterator[GenerationRequest]:
    """Every scheduler x spacing x guidance x steps; sizes, seeds and prompts take turns."""
    spaced = [(name, sigmas) for name in STOCK for sigmas in SPACINGS[name]]
    for number, ((scheduler, sigmas), guidance_scale, steps) in enumerate(
        product(spaced, GUIDANCE, STEPS)
    ):
        width_px, height_px = SIZES_PX[number % len(SIZES_PX)]
        yield new_request(
            f"{number}: {scheduler}, {sigmas}, guidance {guidance_scale}, {steps} steps",
            model="model",
            prompt=PROMPTS[number % len(PROMPTS)],
            negative_prompt="green" if number % 2 else "",
            scheduler=scheduler,
            sigmas=sigmas,
            guidance_scale=guidance_scale,
            num_inference_steps=steps,
            width_px=width_px,
            height_px=height_px,
            seeds=(SEEDS[number % len(SEEDS)],) if number % 5 else (11, 12, 13),
            is_alone=number % 11 == 0,
            preview_every=number % 4,
        )
