"""P0: the bare diffusers pipeline in a loop, which no service can beat."""

import io
import os
import time
from pathlib import Path
from typing import Any

MINI = Path(__file__).parents[2] / "models" / "mini"
STEPS = 12
GUIDANCE_SCALE = 2.5
PROMPT = "a red circle left of a blue square on a yellow background"


def load_pipeline() -> Any:  # noqa: ANN401 - diffusers is untyped
    """Load `mini` as the service runs it: float32, one thread, dpm++2m."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import torch  # noqa: PLC0415 - after the environment that its threads read
    from diffusers import (  # noqa: PLC0415
        DPMSolverMultistepScheduler,
        StableDiffusionPipeline,
    )

    torch.set_num_threads(1)
    pipeline: Any = StableDiffusionPipeline.from_pretrained(
        MINI, torch_dtype=torch.float32, safety_checker=None
    )
    pipeline.scheduler = DPMSolverMultistepScheduler.from_config(pipeline.scheduler.config)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def make_pictures(pipeline: Any, count: int, batch: int) -> float:  # noqa: ANN401
    """Make `count` pictures and their PNGs in batches; returns the seconds it took."""
    started = time.perf_counter()
    for _ in range(0, count, batch):
        made = pipeline([PROMPT] * batch, num_inference_steps=STEPS, guidance_scale=GUIDANCE_SCALE)
        for picture in made.images:
            picture.save(io.BytesIO(), format="png")
    return time.perf_counter() - started
