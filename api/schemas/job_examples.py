"""Example bodies of `POST /v1/jobs`, as OpenAPI shows them."""

from typing import Any

from fastapi.openapi.models import Example

_ASSET: dict[str, Any] = {"asset": "ast_019234a1b2c37d4e8f00112233445568"}
_PICTURE: dict[str, Any] = {"job": "job_019234a1b2c37d4e8f00112233445566", "index": 0}

JOB_REQUEST_EXAMPLES: dict[str, Example] = {
    "short": {
        "summary": "A prompt is enough",
        "value": {"task": "text-to-image", "prompt": "a red circle left of a blue square"},
    },
    "full": {
        "summary": "Every choice made",
        "value": {
            "task": "text-to-image",
            "model": "mini",
            "prompt": "a red circle left of a blue square on a yellow background",
            "negative_prompt": "",
            "width": 128,
            "height": 128,
            "num_images": 4,
            "seed": 42,
            "num_inference_steps": 12,
            "guidance_scale": 2.5,
            "scheduler": "dpm++2m",
            "sigmas": "karras",
            "second_pass": {"width": 256, "height": 256, "strength": 0.5},
            "output": {"format": "png", "quality": 90, "metadata": True, "contact_sheet": True},
            "priority": "high",
            "deadline_seconds": 300,
            "metadata": {"order": "1234"},
        },
    },
    "image-to-image": {
        "summary": "An uploaded picture, drawn anew",
        "value": {
            "task": "image-to-image",
            "prompt": "a green circle left of a blue square",
            "image": _ASSET,
            "strength": 0.6,
        },
    },
    "inpaint": {
        "summary": "White of the mask is painted anew, the rest kept",
        "value": {
            "task": "inpaint",
            "prompt": "a yellow triangle",
            "image": _PICTURE,
            "mask": _ASSET,
        },
    },
    "outpaint": {
        "summary": "A picture continued to the right",
        "value": {
            "task": "outpaint",
            "prompt": "a blue square on a yellow background",
            "image": _PICTURE,
            "margins": {"right": 64},
        },
    },
    "variation": {
        "summary": "Four pictures near one that a job made",
        "value": {
            "task": "variation",
            "source": _PICTURE,
            "variation": {"strength": 0.2},
            "num_images": 4,
        },
    },
    "upscale": {
        "summary": "Twice as large",
        "value": {"task": "upscale", "image": _PICTURE, "scale": 2},
    },
    "interpolate": {
        "summary": "From one prompt to another in 24 frames",
        "value": {
            "task": "interpolate",
            "seed": 7,
            "start": {"prompt": "a red circle"},
            "end": {"prompt": "a blue square"},
            "num_frames": 24,
            "fps": 12,
            "output": {"format": "gif"},
        },
    },
}
