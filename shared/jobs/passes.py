"""What a job runs, pass by pass: the measure of its progress and of its price."""

from collections.abc import Iterator
from dataclasses import dataclass

from shared.jobs.resolved import ResolvedRequest


@dataclass(frozen=True, slots=True)
class Pass:
    """One run of the denoiser over every picture of a job, at one size."""

    pixels: int
    steps: int


def count_run_steps(num_inference_steps: int, strength: float) -> int:
    """Return how many steps of a schedule run at a strength; a small one may leave none.

    Source: diffusers, `StableDiffusionImg2ImgPipeline.get_timesteps`.
    """
    return min(int(num_inference_steps * strength), num_inference_steps)


def list_passes(request: ResolvedRequest) -> Iterator[Pass]:
    """Yield the passes in their order; a schedule's steps count as asked, whatever its order."""
    steps = count_run_steps(
        request.num_inference_steps, 1 if request.strength is None else request.strength
    )
    yield Pass(request.width * request.height * request.num_generated, steps)
    second = request.second_pass
    if second is not None:
        steps = count_run_steps(second.num_inference_steps, second.strength)
        yield Pass(second.width * second.height * request.num_generated, steps)


def count_steps(request: ResolvedRequest) -> int:
    """Return the steps of all passes together."""
    return sum(one.steps for one in list_passes(request))


def count_pixel_steps(request: ResolvedRequest, steps_done: int) -> int:
    """Return the pixel-steps of the first `steps_done` steps."""
    counted = 0
    for one in list_passes(request):
        done = max(0, min(steps_done, one.steps))
        counted += one.pixels * done
        steps_done -= done
    return counted
