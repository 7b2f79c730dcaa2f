"""From the request that the row keeps to the one that the engine runs."""

from collections.abc import Iterator
from dataclasses import replace

from shared.jobs.request_fields import PRIORITY_RANKS, End
from shared.jobs.resolved import ResolvedRequest
from worker.engine.request import (
    GenerationRequest,
    ImageRequest,
    Priority,
    SecondPass,
    StartPicture,
    Variation,
)
from worker.held_jobs import HeldJob


def read_request(job: HeldJob) -> ResolvedRequest:
    """Return the job's request as it was resolved when it was accepted."""
    return ResolvedRequest.model_validate(job.claimed.request)


def to_request(job: HeldJob, preview_every: int) -> GenerationRequest:
    """Return the engine's request for a job whose input pictures were fetched."""
    asked = read_request(job)
    if asked.start is not None and asked.end is not None:
        images = tuple(_list_frames(asked, asked.start, asked.end, job.start))
    else:
        images = tuple(_list_images(asked, job.start))
    return GenerationRequest(
        id=job.id,
        tenant=job.claimed.tenant_id,
        priority=Priority(PRIORITY_RANKS[asked.priority]),
        model=asked.model,
        width_px=asked.width,
        height_px=asked.height,
        num_inference_steps=asked.num_inference_steps,
        guidance_scale=asked.guidance_scale,
        scheduler=asked.scheduler,
        sigmas=asked.sigmas,
        images=images,
        second_pass=_second_pass(asked),
        is_alone=job.is_alone,
        preview_every=preview_every,
    )


def _list_images(asked: ResolvedRequest, start: StartPicture | None) -> Iterator[ImageRequest]:
    for index in range(asked.num_generated):
        lean = asked.variation_of(index)
        yield ImageRequest(
            seed=asked.seed_of(index),
            prompt=asked.prompt,
            negative_prompt=asked.negative_prompt,
            variation=Variation(seed=lean.seed, strength=lean.strength) if lean else None,
            start=start,
        )


def _list_frames(
    asked: ResolvedRequest, first: End, last: End, start: StartPicture | None
) -> Iterator[ImageRequest]:
    """Yield the frames from one end to the other, in even shares of the way."""
    for index in range(asked.num_generated):
        share = index / (asked.num_generated - 1)
        lean = Variation(seed=last.seed, strength=share)
        yield ImageRequest(
            seed=first.seed,
            prompt=first.prompt,
            negative_prompt=asked.negative_prompt,
            toward_prompt=last.prompt if last.prompt != first.prompt else None,
            share=share,
            variation=lean if last.seed != first.seed else None,
            start=start and replace(start, share=share),
        )


def _second_pass(asked: ResolvedRequest) -> SecondPass | None:
    given = asked.second_pass
    if given is None:
        return None
    return SecondPass(
        width_px=given.width,
        height_px=given.height,
        strength=given.strength,
        num_inference_steps=given.num_inference_steps,
    )
