"""What runs for requests that begin with noise, and for variations of either kind."""

import secrets
from collections.abc import Mapping
from typing import Any

from shared.errors import FieldError, ValidationFailed
from shared.jobs.find_inputs import InputPicture
from shared.jobs.fit_size import fit_size, follow_shape
from shared.jobs.request_fields import SecondPass, SecondPassRequest, Variation, VariationRequest
from shared.jobs.requests import TextToImageRequest, VariationTaskRequest
from shared.models.catalog import ModelEntry

_DRAWN_SEEDS = 2**32 - 1000  # the last picture's stays below 2**32


def resolve_words(
    request: TextToImageRequest | VariationTaskRequest, model: ModelEntry
) -> dict[str, Any]:
    """Return the size of each pass."""
    width = request.width or model.defaults.width
    height = request.height or model.defaults.height
    second = request.second_pass
    return {
        "width": width,
        "height": height,
        "second_pass": second and _resolve_second(second, request, model, (width, height)),
    }


def resolve_variation(
    request: VariationTaskRequest, model: ModelEntry, pictures: Mapping[str, InputPicture]
) -> dict[str, Any]:
    """Return what a variation adds, of a recipe or of any picture.

    Raises:
        ValidationFailed: It is not said of what, or fields of both kinds are given.
    """
    faults = list(_list_misplaced(request))
    if faults:
        raise ValidationFailed(faults)
    image = pictures.get("/image")
    if image is not None:
        size = (image.width_px, image.height_px)
        width, height = follow_shape((request.width, request.height), size, model.limits)
        strength = request.strength or model.defaults.strength.variation
        return {"width": width, "height": height, "image": image.stored, "strength": strength}
    asked = request.variation or VariationRequest()
    toward = asked.seed if asked.seed is not None else secrets.randbelow(_DRAWN_SEEDS)
    strength = asked.strength or model.defaults.strength.noise
    variation = Variation(seed=toward, strength=strength)
    return resolve_words(request, model) | {"variation": variation}


def _list_misplaced(request: VariationTaskRequest) -> list[FieldError]:
    if request.image is not None:
        return [
            FieldError(f"/{name}", "not with an image; set strength")
            for name in ("variation", "second_pass")
            if getattr(request, name) is not None
        ]
    faults = []
    if request.seed is None:
        faults.append(FieldError("/source", "name a source or an image, or give prompt and seed"))
    if request.strength is not None:
        faults.append(FieldError("/strength", "only with an image; set variation"))
    return faults


def _resolve_second(
    second: SecondPassRequest,
    request: TextToImageRequest | VariationTaskRequest,
    model: ModelEntry,
    first: tuple[int, int],
) -> SecondPass:
    twice = fit_size((first[0] * 2, first[1] * 2), model.limits)
    return SecondPass(
        width=second.width or twice[0],
        height=second.height or twice[1],
        strength=second.strength or model.defaults.strength.second_pass,
        num_inference_steps=(
            second.num_inference_steps
            or request.num_inference_steps
            or model.defaults.num_inference_steps
        ),
    )
