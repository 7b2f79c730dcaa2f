"""Requests that run among strangers who come, are paused and are canceled; and their comparison."""

import os
import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tests.unit.engine.requests import MAX_DIFFERENCE, MAX_DIFFERING_SHARE, new_request
from worker.engine.engine import Engine
from worker.engine.events import EngineEvent, Failed, Finished, Pixels
from worker.engine.request import GenerationRequest, ImageRequest

# EXACT_SHARE=0.1 runs a tenth of a cross, drawn anew by EXACT_SEED: for a machine that is busy.
SHARE = float(os.environ.get("EXACT_SHARE", "1"))
SEED = int(os.environ.get("EXACT_SEED", "0"))

# Of a single picture: rounding shows on a few more values of a small one, or of a long pndm.
MOST_DIFFERING_SHARE = 2 * MAX_DIFFERING_SHARE


def draw_share(requests: Sequence[GenerationRequest]) -> list[GenerationRequest]:
    wanted = max(1, round(SHARE * len(requests)))
    return random.Random(SEED).sample(list(requests), wanted)


def run_alone(engine: Engine, requests: Sequence[GenerationRequest]) -> dict[str, Finished]:
    done: dict[str, Finished] = {}
    for request in requests:
        engine.admit(request)
        while engine.has_work:
            _keep(engine.step(), done)
    return done


def run_in_company(
    engine: Engine,
    requests: Sequence[GenerationRequest],
    chance: random.Random,
    **stranger: Any,
) -> dict[str, Finished]:
    """Admit at random ticks; cancel strangers, pause whoever runs and resume the paused."""
    stranger = {"model": requests[0].model, "scheduler": "euler-a"} | stranger
    waiting, done, strangers = list(requests), dict[str, Finished](), 0
    running, paused = list[str](), list[str]()
    while waiting or engine.has_work or paused:
        while waiting and engine.free_slots and chance.random() < 0.3:
            request = waiting.pop()
            running.append(request.id)
            engine.admit(request)
        if engine.free_slots and chance.random() < 0.1:
            strangers += 1
            engine.admit(new_request(f"stranger {strangers}", **stranger))
        if strangers and chance.random() < 0.2:
            engine.cancel(f"stranger {strangers}")
        if paused and engine.free_slots and (not engine.has_work or chance.random() < 0.3):
            engine.resume(paused.pop(0))
        running = [name for name in running if name not in done]
        if running and chance.random() < 0.1:
            engine.pause(name := running.pop(chance.randrange(len(running))))
            paused.append(name)
        _keep(engine.step(), done)
        paused = [name for name in paused if name not in done]
    return done


def _keep(events: list[EngineEvent], done: dict[str, Finished]) -> None:
    assert not [event for event in events if isinstance(event, Failed)]
    done.update({event.id: event for event in events if isinstance(event, Finished)})


def check_all(
    requests: Sequence[GenerationRequest],
    done: dict[str, Finished],
    make_stock: Callable[[GenerationRequest, ImageRequest], Pixels],
) -> None:
    """Compare every picture, and print the margin of each scheduler."""
    found: dict[str, list[tuple[int, float, str]]] = {}
    for request in requests:
        for image, picture in zip(request.images, done[request.id].images, strict=True):
            apart = np.abs(picture.astype(int) - make_stock(request, image).astype(int))
            one = int(apart.max()), float((apart > 0).mean()), f"{request.id}, seed {image.seed}"
            found.setdefault(request.scheduler, []).append(one)
    for scheduler, ones in found.items():
        most, share = max(one[0] for one in ones), max(one[1] for one in ones)
        mean = sum(one[1] for one in ones) / len(ones)
        print(f"{scheduler:12} {len(ones):5} pictures, at most {most} apart, on {share:.4%}")
        assert mean <= MAX_DIFFERING_SHARE
    assert not [
        one
        for ones in found.values()
        for one in ones
        if one[0] > MAX_DIFFERENCE or one[1] > MOST_DIFFERING_SHARE
    ]
