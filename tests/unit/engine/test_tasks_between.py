"""Between two ends: each end is what it would be alone, and the way goes from one to the other."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.unit.engine.requests import CPU, check_same_picture, finished, new_engine, run_to_end
from tests.unit.engine.task_requests import make_picture, new_task, start_from
from worker.engine.engine import Engine
from worker.engine.loading import load_model
from worker.engine.request import ImageRequest, Variation

PLAIN = ImageRequest(seed=5, prompt="a red circle", negative_prompt="blue")
FROM_PICTURE = replace(PLAIN, start=start_from(0.6))
FROM_OTHER = replace(start_from(0.6), pixels=make_picture(4))
# What leads from one image to another, and that other one.
WAYS = {
    "seeds": (PLAIN, replace(PLAIN, seed=8)),
    "prompts": (PLAIN, replace(PLAIN, prompt="two stars")),
    "pictures": (FROM_PICTURE, replace(PLAIN, start=FROM_OTHER)),
    "seeds from a picture": (FROM_PICTURE, replace(FROM_PICTURE, seed=8)),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_way_begins_and_ends_at_its_ends(tiny: Path, way: str) -> None:
    start, end = WAYS[way]
    frames = tuple(_lean(way, share) for share in (0.0, 0.5, 1.0))
    wanted = new_task("variation", 1, "frames", images=(*frames, start, end))
    done = finished(run_to_end(new_engine({"tiny": tiny}), {0: [wanted]}))
    first, middle, last, expected_first, expected_last = done["frames"].images
    check_same_picture(first, expected_first)
    check_same_picture(last, expected_last)
    for other in (first, last):
        assert (middle != other).mean() > 0.5


def test_frames_between_two_pictures_encode_each_of_them_once(tiny: Path) -> None:
    model: Any = load_model(tiny, "sd15", CPU, torch.float32)
    encoded: list[int] = []
    model._pipeline.vae.encoder.register_forward_hook(lambda *_: encoded.append(1))
    engine = Engine(lambda _: model, CPU, torch.float32, max_slots=8)
    engine.load("tiny")
    frames = tuple(_lean("pictures", share / 5) for share in range(6))
    wanted = new_task("variation", 1, images=frames)
    done = finished(run_to_end(engine, {0: [wanted]}))
    assert len(done["variation"].images) == 6
    assert len(encoded) == 2


def _lean(way: str, share: float) -> ImageRequest:
    if way == "prompts":
        return replace(PLAIN, toward_prompt="two stars", share=share)
    if way == "pictures":
        return replace(PLAIN, start=start_from(0.6, toward=make_picture(4), share=share))
    variation = Variation(seed=8, strength=share)
    return replace(PLAIN if way == "seeds" else FROM_PICTURE, variation=variation)
