"""Loading a model folder with stock diffusers, and choosing its scheduler by name."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import diffusers
import torch
from diffusers.utils import logging as diffusers_logging
from transformers.utils import logging as transformers_logging

from models.recipe.networks import Pipeline

# What each name promises whatever the model's own scheduler is; the service knows more of them.
SCHEDULERS: dict[str, tuple[str, Mapping[str, object]]] = {
    "ddim": ("DDIMScheduler", {}),
    "dpm++2m": (
        "DPMSolverMultistepScheduler",
        {"algorithm_type": "dpmsolver++", "solver_order": 2},
    ),
    "euler": ("EulerDiscreteScheduler", {}),
}


@dataclass(frozen=True)
class Setting:
    """How pictures are made."""

    scheduler: str = "ddim"
    num_inference_steps: int = 12
    guidance_scale: float = 2.5


def load_pipeline(path: Path, device: str = "cpu") -> Pipeline:
    """Load a model: in full precision on a processor, which computes it faster than half."""
    for library in (diffusers_logging, transformers_logging):
        library.disable_progress_bar()
        library.set_verbosity_error()
    # Named here, not imported above: on its way in it warns about parts that nothing uses.
    dtype = torch.float32 if device == "cpu" else torch.float16
    pipeline: Pipeline = diffusers.DiffusionPipeline.from_pretrained(
        path, dtype=dtype, local_files_only=True
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline.to(device)


def use_scheduler(pipeline: Pipeline, setting: Setting) -> None:
    """Give a pipeline the scheduler of a name of `SCHEDULERS`."""
    kind, promised = SCHEDULERS[setting.scheduler]
    scheduler = getattr(diffusers, kind)
    pipeline.scheduler = scheduler.from_config(pipeline.scheduler.config, **promised)
