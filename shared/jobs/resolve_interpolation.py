"""What runs for a moving picture: its two ends, its frames, its size."""

import secrets
from collections.abc import Mapping
from typing import Any

from shared.errors import FieldError, ValidationFailed
from shared.jobs.find_inputs import InputPicture
from shared.jobs.fit_size import follow_shape
from shared.jobs.request_fields import End, EndRequest
from shared.jobs.requests import InterpolateRequest
from shared.models.catalog import ModelEntry

_DRAWN_SEEDS = 2**32


def resolve_interpolation(
    request: InterpolateRequest, model: ModelEntry, pictures: Mapping[str, InputPicture]
) -> dict[str, Any]:
    """Return both ends with what the request says for them, the frames and the size.

    Raises:
        ValidationFailed: One end alone has a picture, or both ends are the same.
    """
    seed = request.seed if request.seed is not None else secrets.randbelow(_DRAWN_SEEDS)
    images = [pictures.get("/start/image"), pictures.get("/end/image")]
    start, end = (
        _resolve_end(one, image, seed, request.prompt)
        for one, image in zip((request.start, request.end), images, strict=True)
    )
    _check_ends(request, start, end)
    defaults, first = model.defaults, images[0]
    width, height = request.width or defaults.width, request.height or defaults.height
    if first is not None:
        size = (first.width_px, first.height_px)
        width, height = follow_shape((request.width, request.height), size, model.limits)
    return {
        "width": width,
        "height": height,
        "seed": start.seed,
        "prompt": start.prompt,
        "start": start,
        "end": end,
        "num_frames": request.num_frames or defaults.num_frames,
        "fps": request.fps or defaults.fps,
        "strength": (request.strength or defaults.strength.interpolate) if first else None,
    }


def _resolve_end(asked: EndRequest, image: InputPicture | None, seed: int, prompt: str) -> End:
    return End(
        seed=seed if asked.seed is None else asked.seed,
        prompt=prompt if asked.prompt is None else asked.prompt,
        image=image.stored if image else None,
    )


def _check_ends(request: InterpolateRequest, start: End, end: End) -> None:
    """Raise unless there is a way from one end to the other.

    Raises:
        ValidationFailed: There is none.
    """
    fault = None
    if (start.image is None) != (end.image is None):
        fault = FieldError("/end/image", "both ends have a picture, or neither")
    elif start == end:
        fault = FieldError("/end", "must differ from start in seed, prompt or image")
    elif start.image is None and request.strength is not None:
        fault = FieldError("/strength", "only where both ends have a picture")
    if fault is not None:
        raise ValidationFailed([fault])
