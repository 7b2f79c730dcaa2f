"""Every task with schedulers of each kind, in company and alone, against diffusers' own pipeline.

Requests arrive at random ticks into eight slots, strangers beside them are canceled, anyone may be
paused, also between two passes, and each picture is compared with what the stock pipelines of its
task make of the same seed alone.
"""

import random
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from tests.exact.company import SEED, draw_share, run_alone, run_in_company
from tests.unit.engine.conftest import EPSILON, MINI
from tests.unit.engine.requests import MAX_DIFFERENCE, MAX_DIFFERING_SHARE, new_engine
from tests.unit.engine.stock_tasks import StockImage
from tests.unit.engine.task_requests import MASKED, TASKS, new_task
from tests.unit.engine.test_tasks_exact import MAX_DIFFERING_SHARE_OF_TWO_PASSES
from tests.unit.engine.tiny_model import INPAINTER_CHANNELS, save_tiny_model
from worker.engine.events import Finished
from worker.engine.request import GenerationRequest

SCHEDULERS = ("ddim", "euler-a", "dpm++2m", "heun")  # plain, random, with a memory, of two forwards
GUIDANCE = (1.0, 3.5)
STEPS = (4, 11)
SIZES_PX = ((64, 64), (96, 64))
BOUND_TO_THEIR_SIZE = {*MASKED, "between pictures"}


@pytest.fixture(scope="module", params=["mini", "epsilon", "inpainter"])
def model(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Sequence[str]]:
    """A model and the tasks it knows."""
    if request.param == "mini":
        return MINI, list(TASKS)
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "epsilon":
        save_tiny_model(folder, EPSILON)
        return folder, list(TASKS)
    save_tiny_model(folder, EPSILON, in_channels=INPAINTER_CHANNELS)
    return folder, MASKED


@pytest.mark.timeout(0)
@pytest.mark.parametrize("order", [1, 2])
def test_the_tasks_in_company(model: tuple[Path, Sequence[str]], order: int) -> None:
    folder, tasks = model
    requests = draw_share(list(_cross(tasks)))
    chance = random.Random(order + SEED)
    chance.shuffle(requests)
    stranger = new_task(tasks[0], 99)
    engine = new_engine({"tiny": folder})
    done = run_in_company(engine, requests, chance, images=stranger.images)
    _check_all(folder, requests, done)


@pytest.mark.timeout(0)
def test_the_tasks_alone(model: tuple[Path, Sequence[str]]) -> None:
    folder, tasks = model
    requests = draw_share(list(_cross(tasks)))
    _check_all(folder, requests, run_alone(new_engine({"tiny": folder}), requests))


def _cross(tasks: Sequence[str]) -> Iterator[GenerationRequest]:
    """Every task x scheduler x guidance x steps; sizes and seeds take turns."""
    cross = product(tasks, SCHEDULERS, GUIDANCE, STEPS)
    for number, (task, scheduler, guidance_scale, steps) in enumerate(cross):
        is_bound = task in BOUND_TO_THEIR_SIZE
        width_px, height_px = SIZES_PX[0 if is_bound else number % len(SIZES_PX)]
        yield new_task(
            task,
            number,
            name=f"{number}: {task}; {scheduler}, guidance {guidance_scale}, {steps} steps",
            scheduler=scheduler,
            guidance_scale=guidance_scale,
            num_inference_steps=steps,
            width_px=width_px,
            height_px=height_px,
            is_alone=number % 11 == 0,
            preview_every=number % 4,
        )


def _check_all(
    folder: Path, requests: Sequence[GenerationRequest], done: dict[str, Finished]
) -> None:
    """Compare every picture, and print the margin of each task."""
    found: dict[str, list[tuple[int, float]]] = {}
    far = []
    for request in requests:
        expected = StockImage(folder, request, request.images[0]).make()
        apart = np.abs(done[request.id].images[0].astype(int) - expected)
        most, share = int(apart.max()), float((apart > 0).mean())
        found.setdefault(request.id.split(": ")[1].split("; ")[0], []).append((most, share))
        two_passes = request.second_pass is not None
        allowed = MAX_DIFFERING_SHARE_OF_TWO_PASSES if two_passes else MAX_DIFFERING_SHARE
        if most > MAX_DIFFERENCE or share > allowed:
            far.append((request.id, most, share))
    for task, ones in found.items():
        most, share = max(one[0] for one in ones), max(one[1] for one in ones)
        print(f"{task:26} {len(ones):4} pictures, at most {most} apart, on {share:.4%}")
    assert not far
