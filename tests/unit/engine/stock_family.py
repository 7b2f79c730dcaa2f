"""What each family's own diffusers pipeline makes of a request, with nobody else about."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import DiffusionPipeline

from tests.unit.engine.stock import stock_scheduler
from worker.engine.events import Pixels
from worker.engine.request import GenerationRequest

NOISE, FLOW = ("ddim", "euler-a"), ("flow-euler", "unipc")
SCHEDULERS = {"sd21": NOISE, "sdxl": NOISE, "sd3": FLOW, "flux": FLOW}
LENGTHS = {"flux": 512, "flux-schnell": 256}


def family_of(name: str) -> str:
    """Of a tiny build: the first word of its name."""
    return name.split("-", maxsplit=1)[0]


def stock_image(
    name: str,
    folder: Path,
    request: GenerationRequest,
    index: int = 0,
    dtype: torch.dtype = torch.float32,
) -> Pixels:
    image = request.images[index]
    stock, config = _stock_pipeline(folder, dtype)
    stock.scheduler = stock_scheduler(request, image, config)
    # What the pipeline takes for an empty one is what it does where it is not told.
    asked: dict[str, Any] = {"negative_prompt": image.negative_prompt or None}
    if name in LENGTHS:
        asked = {"max_sequence_length": LENGTHS[name]}
    result = stock(
        image.prompt,
        width=request.width_px,
        height=request.height_px,
        num_inference_steps=request.num_inference_steps,
        guidance_scale=request.guidance_scale,
        generator=torch.Generator("cpu").manual_seed(image.seed),
        **asked,
    )
    return np.asarray(result.images[0])


@cache
def _stock_pipeline(folder: Path, dtype: torch.dtype) -> tuple[Any, Any]:
    index = json.loads((folder / "model_index.json").read_text())
    absent = dict.fromkeys(name for name, value in index.items() if value == [None, None])
    pipeline = DiffusionPipeline.from_pretrained(folder, dtype=dtype, **absent)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline, pipeline.scheduler.config
