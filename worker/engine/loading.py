"""From a local folder of safetensors to a model on its device; nothing is fetched or executed."""

from collections.abc import Callable
from pathlib import Path

import torch
from diffusers.utils import logging as diffusers_logging
from transformers.utils import logging as transformers_logging

from worker.engine.errors import ModelUnavailable
from worker.engine.families.sd15 import load_sd15
from worker.engine.model import LoadedModel

Load = Callable[[Path, torch.device, torch.dtype], LoadedModel]

# What lies in the folder of each family, and what loads it.
FAMILIES: dict[str, tuple[tuple[str, ...], Load]] = {
    "sd15": (
        (
            "model_index.json",
            "scheduler/scheduler_config.json",
            "text_encoder/*.safetensors",
            "tokenizer/tokenizer_config.json",
            "unet/*.safetensors",
            "vae/*.safetensors",
        ),
        load_sd15,
    ),
}


def load_model(path: Path, family: str, device: torch.device, dtype: torch.dtype) -> LoadedModel:
    """Load a model from a local folder in diffusers' layout.

    Args:
        path: The folder.
        family: A key of `FAMILIES`.
        device: Where the model will live.
        dtype: What it computes in, whatever its weights are stored in.

    Raises:
        ModelUnavailable: The family is unknown, a file is missing, or the files do not load.
    """
    if family not in FAMILIES:
        raise ModelUnavailable(f"no family {family!r}; there are {', '.join(FAMILIES)}")
    patterns, load = FAMILIES[family]
    missing = [pattern for pattern in patterns if not any(path.glob(pattern))]
    if missing:
        raise ModelUnavailable(f"{path} has no {', no '.join(missing)}")
    _quiet_libraries()
    try:
        return load(path, device, dtype)
    except Exception as error:
        raise ModelUnavailable(f"{path} does not load as {family}: {error!r}") from error


def _quiet_libraries() -> None:
    """They would draw progress bars into the log, and write into it what a prompt lost."""
    for library in (diffusers_logging, transformers_logging):
        library.disable_progress_bar()
        library.set_verbosity_error()
