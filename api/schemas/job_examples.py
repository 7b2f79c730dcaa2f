"""Example bodies of `POST /v1/jobs`, as OpenAPI shows them."""

from fastapi.openapi.models import Example

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
            "output": {"format": "png", "quality": 90, "metadata": True},
            "deadline_seconds": 300,
            "metadata": {"order": "1234"},
        },
    },
}
