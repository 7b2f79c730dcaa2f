"""A request of each task, small."""

from typing import Any

import numpy as np
from PIL import Image

from tests.unit.engine.requests import new_request
from worker.engine.events import Pixels
from worker.engine.outpaint import Margins, extend_canvas
from worker.engine.request import (
    GenerationRequest,
    ImageRequest,
    SecondPass,
    StartPicture,
    Variation,
)

SIZE_PX = 64
HIRES = SecondPass(width_px=96, height_px=96, strength=0.5, num_inference_steps=4)


def make_picture(seed: int, height_px: int = SIZE_PX, width_px: int = SIZE_PX) -> Pixels:
    coarse = np.random.default_rng(seed).integers(0, 256, (4, 4, 3)).astype(np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((width_px, height_px)))


def make_mask() -> Pixels:
    mask = np.zeros((SIZE_PX, SIZE_PX), np.uint8)
    mask[13:51, 10:45] = 255
    return mask


def make_canvas(strength: float) -> StartPicture:
    margins = Margins(left_px=32, right_px=0, top_px=0, bottom_px=16)
    canvas, mask = extend_canvas(make_picture(3, 48, 32), margins)
    return StartPicture(pixels=canvas, mask=mask, strength=strength)


def start_from(strength: float, **more: Any) -> StartPicture:
    return StartPicture(pixels=make_picture(1), strength=strength, **more)


TASKS: dict[str, dict[str, Any]] = {
    "image-to-image": {"start": start_from(0.6)},
    "image-to-image, all of it": {"start": start_from(1.0)},
    "inpaint": {"start": start_from(0.7, mask=make_mask())},
    "inpaint, all of it": {"start": start_from(1.0, mask=make_mask())},
    "outpaint": {"start": make_canvas(0.8)},
    "variation": {"variation": Variation(seed=9, strength=0.3)},
    "upscale": {"start": StartPicture(pixels=make_picture(2, 32, 48), strength=0.5)},
    "between prompts": {"toward_prompt": "a blue square", "share": 0.4},
    "between pictures": {"start": start_from(0.6, toward=make_picture(4), share=0.7)},
    "second pass": {"second_pass": HIRES},
}
MASKED = [
    task for task, told in TASKS.items() if "start" in told and told["start"].mask is not None
]


def new_task(task: str, number: int, name: str = "", **changes: Any) -> GenerationRequest:
    """A request of one image whose seed is `number`."""
    told = dict(TASKS[task])
    second_pass = told.pop("second_pass", None)
    image = ImageRequest(seed=number, prompt="a red circle", negative_prompt="blue", **told)
    values = {"second_pass": second_pass, "images": (image,)} | changes
    return new_request(name or task, **values)
