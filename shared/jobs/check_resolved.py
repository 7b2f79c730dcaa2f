"""Whether a model can make what a request has come to."""

from collections.abc import Iterator

from shared.errors import FieldError
from shared.jobs.passes import count_run_steps
from shared.jobs.request_fields import MAX_SEED, SecondPass
from shared.jobs.requests import JobRequest, OutpaintRequest, UpscaleRequest
from shared.jobs.resolved import ResolvedRequest
from shared.models.catalog import Bounds, ModelEntry, ModelLimits


def list_unsupported(resolved: ResolvedRequest, model: ModelEntry) -> Iterator[FieldError]:
    """Yield what the model does not have."""
    if resolved.scheduler not in model.schedulers:
        yield FieldError("/scheduler", f"{model.id} has {', '.join(model.schedulers)}")
    elif resolved.sigmas != "default":
        spaced = model.sigmas.get(resolved.sigmas, ())
        if resolved.scheduler not in spaced:
            with_it = ", ".join(spaced) or "no scheduler"
            yield FieldError("/sigmas", f"{model.id} has {resolved.sigmas} with {with_it}")


def list_faults(
    request: JobRequest, resolved: ResolvedRequest, model: ModelEntry
) -> Iterator[FieldError]:
    """Yield the numbers that are outside what the model takes, each by the field that set it."""
    limits = model.limits
    yield from _size_faults(request, resolved, model)
    yield from _outside("/num_images", resolved.num_images, limits.num_images)
    yield from _outside(
        "/num_inference_steps", resolved.num_inference_steps, limits.num_inference_steps
    )
    yield from _outside("/guidance_scale", resolved.guidance_scale, limits.guidance_scale)
    if resolved.num_frames is not None:
        yield from _outside("/num_frames", resolved.num_frames, limits.num_frames)
    if resolved.strength is not None:
        yield from _no_step("/strength", resolved.num_inference_steps, resolved.strength)
    if resolved.second_pass is not None:
        yield from _second_faults(resolved.second_pass, model)
    yield from _seed_faults(resolved)


def _second_faults(second: SecondPass, model: ModelEntry) -> Iterator[FieldError]:
    for name in ("width", "height"):
        if not _is_made(getattr(second, name), model.limits):
            yield _wrong_size(f"/second_pass/{name}", model)
    bounds = model.limits.num_inference_steps
    yield from _outside("/second_pass/num_inference_steps", second.num_inference_steps, bounds)
    yield from _no_step("/second_pass/strength", second.num_inference_steps, second.strength)


def _no_step(pointer: str, steps: int, strength: float) -> Iterator[FieldError]:
    if count_run_steps(steps, strength) == 0:
        yield FieldError(
            pointer, f"{strength:g} of {steps} steps leaves none; ask for more of them"
        )


def _seed_faults(resolved: ResolvedRequest) -> Iterator[FieldError]:
    last = resolved.num_images - 1
    fault = f"the last picture's seed would pass {MAX_SEED}"
    if resolved.seed_of(last) > MAX_SEED:
        yield FieldError("/seed", fault)
    variation = resolved.variation_of(last)
    if variation is not None and variation.seed > MAX_SEED:
        yield FieldError("/variation/seed", fault)


def _pointer_to_size(request: JobRequest, name: str) -> str:
    """Return the field that a size comes from: the size itself, or what makes it."""
    if getattr(request, name) is None:
        if isinstance(request, OutpaintRequest):
            return "/margins"
        if isinstance(request, UpscaleRequest) and request.width is None and request.height is None:
            return "/scale"
    return f"/{name}"


def _size_faults(
    request: JobRequest, resolved: ResolvedRequest, model: ModelEntry
) -> Iterator[FieldError]:
    sides = {"width": resolved.width, "height": resolved.height}
    wrong = [name for name, side_px in sides.items() if not _is_made(side_px, model.limits)]
    for pointer in dict.fromkeys(_pointer_to_size(request, name) for name in wrong):
        would = f"would make {resolved.width} x {resolved.height}; "
        yield _wrong_size(pointer, model, "" if pointer.removeprefix("/") in sides else would)


def _is_made(side_px: int, limits: ModelLimits) -> bool:
    return limits.min_size <= side_px <= limits.max_size and side_px % limits.size_multiple == 0


def _wrong_size(pointer: str, model: ModelEntry, would: str = "") -> FieldError:
    limits = model.limits
    made = f"{limits.min_size} to {limits.max_size} pixels in multiples of {limits.size_multiple}"
    return FieldError(pointer, f"{would}{model.id} makes {made}")


def _outside(pointer: str, value: float, bounds: Bounds) -> Iterator[FieldError]:
    if not bounds.min <= value <= bounds.max:
        yield FieldError(pointer, f"must be {bounds.min:g} to {bounds.max:g}")
