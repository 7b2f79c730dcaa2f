"""Loading a model folder with stock diffusers, and choosing its scheduler by name."""

from collections.abc import Mapping
from pathlib import Path

import diffusers
import torch
from diffusers import DiffusionPipeline
from diffusers.utils import logging as diffusers_logging
from transformers.utils import logging as transformers_logging

from models.recipe.networks import Pipeline

# The catalog's names, and what each promises whatever the model's own scheduler is.
SCHEDULERS: dict[str, tuple[str, Mapping[str, object]]] = {
    "ddim": ("DDIMScheduler", {}),
    "dpm++2m": (
        "DPMSolverMultistepScheduler",
        {"algorithm_type": "dpmsolver++", "solver_order": 2},
    ),
    "euler": ("EulerDiscreteScheduler", {}),
    "unipc": ("UniPCMultistepScheduler", {}),
    "pndm": ("PNDMScheduler", {}),
}


def load_pipeline(path: Path, device: str = "cpu") -> Pipeline:
    """Load a model: in full precision on a processor, which computes it faster than half."""
    for library in (diffusers_logging, transformers_logging):
        library.disable_progress_bar()
        library.set_verbosity_error()
    dtype = torch.float32 if device == "cpu" else torch.float16
    pipeline: Pipeline = DiffusionPipeline.from_pretrained(path, dtype=dtype, local_files_only=True)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline.to(device)


def use_scheduler(pipeline: Pipeline, name: str) -> None:
    """Give a pipeline the scheduler of a name of `SCHEDULERS`."""
    kind, promised = SCHEDULERS[name]
    scheduler = getattr(diffusers, kind)
    pipeline.scheduler = scheduler.from_config(pipeline.scheduler.config, **promised)
