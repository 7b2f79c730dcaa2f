"""`mini`: every scheduler, guidance, step count and size, in company and alone, against diffusers.

Requests arrive at random ticks into eight slots, strangers beside them are canceled, and each
picture is compared with what the stock pipeline makes of the same seed alone.
"""

import random
from collections.abc import Iterator
from functools import cache
from itertools import product

import numpy as np
import pytest

from tests.unit.engine.conftest import MINI
from tests.unit.engine.requests import (
    DIFFUSERS,
    MAX_DIFFERENCE,
    MAX_DIFFERING_SHARE,
    diffusers_image,
    new_engine,
    new_request,
)
from worker.engine.engine import Engine
from worker.engine.events import EngineEvent, Failed, Finished, Pixels
from worker.engine.request import GenerationRequest, ImageRequest

STEPS = (1, 2, 4, 12, 30, 61)  # 61 is rounded to 62 timesteps
GUIDANCE = (1.0, 2.5, 7.5)
SIZES_PX = ((128, 128), (64, 64), (256, 256), (160, 96))
SEEDS = (0, 7, 2**32 + 5, 2**63 - 1)
PROMPTS = ("a red circle left of a blue square on a yellow background", "", "two stars " * 20)


@pytest.mark.parametrize("order", [1, 2])
def test_the_cross_in_company(order: int) -> None:
    requests = list(_cross())
    chance = random.Random(order)
    chance.shuffle(requests)
    done = _run_in_company(new_engine({"mini": MINI}), requests, chance)
    _check_all(requests, done)


def test_the_cross_alone() -> None:
    engine = new_engine({"mini": MINI})
    requests = list(_cross())
    done: dict[str, Finished] = {}
    for request in requests:
        engine.admit(request)
        while engine.has_work:
            _keep(engine.step(), done)
    _check_all(requests, done)


def _cross() -> Iterator[GenerationRequest]:
    """Every scheduler x guidance x step count; sizes, seeds and prompts take turns."""
    cross = product(DIFFUSERS, GUIDANCE, STEPS)
    for number, (scheduler, guidance_scale, steps) in enumerate(cross):
        width_px, height_px = SIZES_PX[number % len(SIZES_PX)]
        yield new_request(
            f"{number}: {scheduler}, guidance {guidance_scale}, {steps} steps, {width_px} px",
            model="mini",
            prompt=PROMPTS[number % len(PROMPTS)],
            negative_prompt="green" if number % 2 else "",
            scheduler=scheduler,
            guidance_scale=guidance_scale,
            num_inference_steps=steps,
            width_px=width_px,
            height_px=height_px,
            seeds=(SEEDS[number % len(SEEDS)],) if number % 5 else (11, 12, 13),
            is_alone=number % 11 == 0,
            preview_every=number % 4,
        )


def _run_in_company(
    engine: Engine, requests: list[GenerationRequest], chance: random.Random
) -> dict[str, Finished]:
    waiting, done, strangers = list(requests), dict[str, Finished](), 0
    while waiting or engine.has_work:
        while waiting and engine.free_slots and chance.random() < 0.3:
            engine.admit(waiting.pop())
        if engine.free_slots and chance.random() < 0.1:
            strangers += 1
            engine.admit(new_request(f"stranger {strangers}", model="mini", width_px=128))
        if strangers and chance.random() < 0.2:
            engine.cancel(f"stranger {strangers}")
        _keep(engine.step(), done)
    return done


def _keep(events: list[EngineEvent], done: dict[str, Finished]) -> None:
    assert not [event for event in events if isinstance(event, Failed)]
    done.update({event.id: event for event in events if isinstance(event, Finished)})


@cache
def _stock_image(request: GenerationRequest, image: ImageRequest) -> Pixels:
    return diffusers_image(MINI, request, image)


def _check_all(requests: list[GenerationRequest], done: dict[str, Finished]) -> None:
    found = {
        f"{request.id}, seed {image.seed}": np.abs(
            picture.astype(int) - _stock_image(request, image).astype(int)
        )
        for request in requests
        for image, picture in zip(request.images, done[request.id].images, strict=True)
    }
    shares = {name: float((difference > 0).mean()) for name, difference in found.items()}
    worst = max(shares, key=lambda name: shares[name])
    largest = max(int(difference.max()) for difference in found.values())
    print(f"{len(found)} pictures, largest difference {largest}")
    print(f"largest share of values {shares[worst]:.5%}: {worst}")
    far = {name: int(d.max()) for name, d in found.items() if d.max() > MAX_DIFFERENCE}
    many = {name: share for name, share in shares.items() if share > MAX_DIFFERING_SHARE}
    assert not far
    assert not many
