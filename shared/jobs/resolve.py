"""From what was asked to what will run: the model's defaults filled in, its limits checked."""

import secrets
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from shared.errors import FieldError, UnsupportedParameter, ValidationFailed
from shared.jobs.check_resolved import list_faults, list_unsupported
from shared.jobs.find_inputs import InputPicture
from shared.jobs.request_fields import ResolvedOutput
from shared.jobs.requests import (
    ImageToImageRequest,
    InpaintRequest,
    InterpolateRequest,
    JobRequest,
    OutpaintRequest,
    TextToImageRequest,
    UpscaleRequest,
    VariationTaskRequest,
)
from shared.jobs.resolve_interpolation import resolve_interpolation
from shared.jobs.resolve_picture import resolve_outpaint, resolve_picture, resolve_upscale
from shared.jobs.resolve_words import resolve_variation, resolve_words
from shared.jobs.resolved import ResolvedRequest
from shared.models.catalog import ModelEntry

MAX_DRAWN_SEED = 2**32 - 1

Pictures = Mapping[str, InputPicture]
_NO_PICTURES: Pictures = MappingProxyType({})


def resolve_request(
    request: JobRequest, model: ModelEntry, pictures: Pictures = _NO_PICTURES
) -> ResolvedRequest:
    """Return the request that runs; `pictures` are those that it names, by JSON pointer.

    Raises:
        UnsupportedParameter: The model lacks the task, the scheduler or the spacing.
        ValidationFailed: A field is outside what the model takes, or does not fit another.
    """
    if request.task not in model.tasks:
        fault = FieldError("/task", f"{model.id} does {', '.join(model.tasks)}")
        raise UnsupportedParameter([fault])
    resolved = ResolvedRequest.model_validate(
        _resolve_common(request, model) | _resolve_task(request, model, pictures)
    )
    unsupported = list(list_unsupported(resolved, model))
    if unsupported:
        raise UnsupportedParameter(unsupported)
    faults = list(list_faults(request, resolved, model))
    if faults:
        raise ValidationFailed(faults)
    return resolved


def _resolve_common(request: JobRequest, model: ModelEntry) -> dict[str, Any]:
    defaults = model.defaults
    seed = request.seed
    if seed is None:
        seed = secrets.randbelow(MAX_DRAWN_SEED - request.num_images + 2)
    return {
        "task": request.task,
        "model": model.id,
        "prompt": request.prompt,
        "negative_prompt": request.negative_prompt,
        "num_images": request.num_images,
        "seed": seed,
        "num_inference_steps": request.num_inference_steps or defaults.num_inference_steps,
        "guidance_scale": float(
            defaults.guidance_scale if request.guidance_scale is None else request.guidance_scale
        ),
        "scheduler": defaults.scheduler if request.scheduler is None else request.scheduler,
        "sigmas": request.sigmas,
        "priority": request.priority,
        "output": ResolvedOutput.model_validate(request.output.model_dump()),
    }


def _resolve_task(request: JobRequest, model: ModelEntry, pictures: Pictures) -> dict[str, Any]:
    """Return the fields that only some tasks have, and the size.

    Raises:
        ValidationFailed: Some fields do not fit one another.
    """
    match request:
        case TextToImageRequest():
            return resolve_words(request, model)
        case ImageToImageRequest() | InpaintRequest():
            return resolve_picture(request, model, pictures)
        case OutpaintRequest():
            return resolve_outpaint(request, model, pictures)
        case UpscaleRequest():
            return resolve_upscale(request, model, pictures)
        case VariationTaskRequest():
            return resolve_variation(request, model, pictures)
        case InterpolateRequest():
            return resolve_interpolation(request, model, pictures)
