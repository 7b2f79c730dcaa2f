"""From the request that the row keeps to the one that the engine runs."""

from shared.jobs.requests import ResolvedRequest
from worker.engine.request import GenerationRequest, ImageRequest, Priority
from worker.held_jobs import HeldJob


def read_request(job: HeldJob) -> ResolvedRequest:
    """Return the job's request as it was resolved when it was accepted."""
    return ResolvedRequest.model_validate(job.claimed.request)


def to_request(job: HeldJob, preview_every: int) -> GenerationRequest:
    """Return the engine's request: image k of the job uses seed + k."""
    asked = read_request(job)
    return GenerationRequest(
        id=job.id,
        tenant=job.claimed.tenant_id,
        priority=Priority.NORMAL,
        model=asked.model,
        width_px=asked.width,
        height_px=asked.height,
        num_inference_steps=asked.num_inference_steps,
        guidance_scale=asked.guidance_scale,
        scheduler=asked.scheduler,
        sigmas="default",
        images=tuple(
            ImageRequest(seed=seed, prompt=asked.prompt, negative_prompt=asked.negative_prompt)
            for seed in range(asked.seed, asked.seed + asked.num_images)
        ),
        second_pass=None,
        is_alone=job.is_alone,
        preview_every=preview_every,
    )
