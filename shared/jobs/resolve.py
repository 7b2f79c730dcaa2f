"""From what was asked to what will run: the model's defaults filled in, its limits checked."""

import secrets
from collections.abc import Iterator
from typing import TypeVar

from shared.errors import FieldError, UnsupportedParameter, ValidationFailed
from shared.jobs.request_fields import MAX_SEED, ResolvedOutput
from shared.jobs.requests import JobRequest
from shared.jobs.resolved import ResolvedRequest
from shared.models.catalog import Bounds, ModelEntry

MAX_DRAWN_SEED = 2**32 - 1

_T = TypeVar("_T")


def resolve_request(request: JobRequest, model: ModelEntry) -> ResolvedRequest:
    """Return the request that runs.

    Raises:
        UnsupportedParameter: The model lacks the task or the scheduler.
        ValidationFailed: A number is outside what the model takes.
    """
    defaults = model.defaults
    resolved = ResolvedRequest(
        task=request.task,
        model=model.id,
        prompt=request.prompt,
        negative_prompt=request.negative_prompt,
        width=_or(request.width, defaults.width),
        height=_or(request.height, defaults.height),
        num_images=request.num_images,
        seed=_or(request.seed, secrets.randbelow(MAX_DRAWN_SEED - request.num_images + 2)),
        num_inference_steps=_or(request.num_inference_steps, defaults.num_inference_steps),
        guidance_scale=float(_or(request.guidance_scale, defaults.guidance_scale)),
        scheduler=_or(request.scheduler, defaults.scheduler),
        sigmas=request.sigmas,
        priority=request.priority,
        output=ResolvedOutput.model_validate(request.output.model_dump()),
    )
    unsupported = list(_unsupported(resolved, model))
    if unsupported:
        raise UnsupportedParameter(unsupported)
    faults = list(_faults(resolved, model))
    if faults:
        raise ValidationFailed(faults)
    return resolved


def _or(given: _T | None, default: _T) -> _T:
    return default if given is None else given


def _unsupported(resolved: ResolvedRequest, model: ModelEntry) -> Iterator[FieldError]:
    if resolved.task not in model.tasks:
        yield FieldError("/task", f"{model.id} does {', '.join(model.tasks)}")
    if resolved.scheduler not in model.schedulers:
        yield FieldError("/scheduler", f"{model.id} has {', '.join(model.schedulers)}")
    elif resolved.sigmas != "default":
        spaced = model.sigmas.get(resolved.sigmas, ())
        if resolved.scheduler not in spaced:
            with_it = ", ".join(spaced) or "no scheduler"
            yield FieldError("/sigmas", f"{model.id} has {resolved.sigmas} with {with_it}")


def _faults(resolved: ResolvedRequest, model: ModelEntry) -> Iterator[FieldError]:
    limits = model.limits
    for name in ("width", "height"):
        size_px: int = getattr(resolved, name)
        if not limits.min_size <= size_px <= limits.max_size or size_px % limits.size_multiple:
            yield FieldError(
                f"/{name}",
                f"{model.id} makes {limits.min_size} to {limits.max_size} pixels"
                f" in multiples of {limits.size_multiple}",
            )
    yield from _outside("num_images", resolved.num_images, limits.num_images)
    yield from _outside(
        "num_inference_steps", resolved.num_inference_steps, limits.num_inference_steps
    )
    yield from _outside("guidance_scale", resolved.guidance_scale, limits.guidance_scale)
    if resolved.seed + resolved.num_images - 1 > MAX_SEED:
        yield FieldError("/seed", f"the last picture's seed would pass {MAX_SEED}")


def _outside(name: str, value: float, bounds: Bounds) -> Iterator[FieldError]:
    if not bounds.min <= value <= bounds.max:
        yield FieldError(f"/{name}", f"must be {bounds.min:g} to {bounds.max:g}")
