"""Requests, a loop that admits them at their ticks, and what diffusers itself makes of each."""

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import StableDiffusionPipeline

from tests.unit.engine.stock import CALL, enter_at_start, stock_scheduler
from worker.engine.engine import Engine
from worker.engine.events import EngineEvent, Finished, Pixels
from worker.engine.loading import load_model
from worker.engine.request import GenerationRequest, ImageRequest, Priority

CPU = torch.device("cpu")
DIFFUSERS = ("ddim", "euler", "dpm++2m")  # one of each kind, where all would take too long
MAX_DIFFERENCE = 1
MAX_DIFFERING_SHARE = 0.001


def new_request(name: str, **changes: Any) -> GenerationRequest:
    """A small request; `prompt`, `negative_prompt` and `seeds` say what `images` would."""
    words: dict[str, Any] = {"prompt": "a red circle", "negative_prompt": ""}
    words |= {word: changes.pop(word) for word in words if word in changes}
    seeds = changes.pop("seeds", (1,))
    values: dict[str, Any] = {
        "tenant": name,
        "priority": Priority.NORMAL,
        "model": "tiny",
        "width_px": 64,
        "height_px": 64,
        "num_inference_steps": 6,
        "guidance_scale": 2.5,
        "scheduler": "ddim",
        "sigmas": "default",
        "images": tuple(ImageRequest(seed=seed, **words) for seed in seeds),
        "second_pass": None,
        "is_alone": False,
        "preview_every": 0,
    }
    return GenerationRequest(id=name, **(values | changes))


def new_engine(folders: Mapping[str, Path], **changes: Any) -> Engine:
    values: dict[str, Any] = {"device": CPU, "dtype": torch.float32, "max_slots": 8}
    engine = Engine(
        lambda name: load_model(folders[name], "sd15", CPU, torch.float32), **(values | changes)
    )
    for name in folders:
        engine.load(name)
    return engine


def run_to_end(
    engine: Engine, arrivals: Mapping[int, Iterable[GenerationRequest]], max_ticks: int = 500
) -> list[list[EngineEvent]]:
    """Admit each request before its tick, counted from 0, and return the events of each tick."""
    ticks: list[list[EngineEvent]] = []
    while len(ticks) < max_ticks and (engine.has_work or len(ticks) <= max(arrivals, default=-1)):
        for request in arrivals.get(len(ticks), ()):
            engine.admit(request)
        ticks.append(engine.step())
    assert not engine.has_work
    return ticks


def finished(ticks: Iterable[Iterable[EngineEvent]]) -> dict[str, Finished]:
    return {event.id: event for tick in ticks for event in tick if isinstance(event, Finished)}


def diffusers_image(folder: Path, request: GenerationRequest, image: ImageRequest) -> Pixels:
    """The picture that stock diffusers makes for one image, with nobody else about."""
    stock, config = _stock_pipeline(folder)
    stock.scheduler = stock_scheduler(request, image, config)
    try:
        return _call(stock, request, image)
    except (AssertionError, IndexError):
        if request.sigmas == "default":
            raise
        stock.scheduler = enter_at_start(stock_scheduler(request, image, config))
        return _call(stock, request, image)


def _call(stock: Any, request: GenerationRequest, image: ImageRequest) -> Pixels:
    result = stock(
        image.prompt,
        negative_prompt=image.negative_prompt,
        width=request.width_px,
        height=request.height_px,
        num_inference_steps=request.num_inference_steps,
        guidance_scale=request.guidance_scale,
        generator=torch.Generator("cpu").manual_seed(image.seed),
        **CALL.get(request.scheduler, {}),
    )
    return np.asarray(result.images[0])


def check_equals_diffusers(folder: Path, request: GenerationRequest, done: Finished) -> None:
    assert len(done.images) == len(request.images)
    for image, picture in zip(request.images, done.images, strict=True):
        check_same_picture(picture, diffusers_image(folder, request, image))


def check_same_picture(image: Pixels, other: Pixels) -> None:
    difference = np.abs(image.astype(int) - other.astype(int))
    assert difference.max() <= MAX_DIFFERENCE
    assert (difference > 0).mean() <= MAX_DIFFERING_SHARE


@cache
def _stock_pipeline(folder: Path) -> tuple[Any, Any]:
    pipeline = StableDiffusionPipeline.from_pretrained(folder, dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline, pipeline.scheduler.config
