"""Resolved requests as a row keeps them."""

from typing import Any

from shared.clock import utc_now
from shared.ids import JobId, TenantId
from shared.jobs.claim import ClaimedJob, Held
from shared.jobs.resolved import ResolvedRequest
from worker.held_jobs import HeldJob

ASSET = {"asset": "ast_" + "0" * 32}


def resolved(**fields: Any) -> ResolvedRequest:
    body = {
        "task": "text-to-image",
        "model": "mini",
        "prompt": "a red circle",
        "negative_prompt": "fog",
        "width": 96,
        "height": 64,
        "num_images": 1,
        "seed": 40,
        "num_inference_steps": 6,
        "guidance_scale": 2.5,
        "scheduler": "ddim",
        "output": {"format": "png"},
    }
    return ResolvedRequest.model_validate(body | fields)


def held(asked: ResolvedRequest) -> HeldJob:
    claimed = ClaimedJob(
        held=Held(JobId("job_1"), 1),
        tenant_id=TenantId("ten_1"),
        priority=1,
        lost_attempts=0,
        request=asked.as_json(),
        deadline_at=utc_now(),
    )
    return HeldJob(claimed)
