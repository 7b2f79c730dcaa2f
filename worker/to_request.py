"""From the request that the row keeps to the one that the engine runs."""

from shared.jobs.requests import ResolvedRequest
from worker.engine.request import GenerationRequest
from worker.held_jobs import HeldJob


def read_request(job: HeldJob) -> ResolvedRequest:
    """Return the job's request as it was resolved when it was accepted."""
    return ResolvedRequest.model_validate(job.claimed.request)


def to_request(job: HeldJob, preview_every: int) -> GenerationRequest:
    """Return the engine's request: image k of the job uses seed + k."""
    asked = read_request(job)
    return GenerationRequest(
        id=job.id,
        model=asked.model,
        prompt=asked.prompt,
        negative_prompt=asked.negative_prompt,
        width_px=asked.width,
        height_px=asked.height,
        num_inference_steps=asked.num_inference_steps,
        guidance_scale=asked.guidance_scale,
        scheduler=asked.scheduler,
        seeds=tuple(range(asked.seed, asked.seed + asked.num_images)),
        is_alone=job.is_alone,
        preview_every=preview_every,
    )
