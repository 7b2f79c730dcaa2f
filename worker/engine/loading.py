"""From a local folder of safetensors to a model on its device; nothing is fetched or executed."""

import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import torch
from diffusers.utils import logging as diffusers_logging
from transformers.utils import logging as transformers_logging

from worker.engine.errors import ModelUnavailable
from worker.engine.families.flux import load_flux
from worker.engine.families.load_pipeline import load_any_pipeline
from worker.engine.families.sd3 import load_sd3
from worker.engine.families.sd15 import load_sd15
from worker.engine.families.sdxl import load_sdxl
from worker.engine.model import LoadedModel
from worker.engine.tuning import PLAIN, Tuning
from worker.engine.whole import WholeModel

T = TypeVar("T")
Load = Callable[[Path, torch.device, torch.dtype, Tuning], LoadedModel]


@dataclass(frozen=True, slots=True)
class Family:
    """One kind of model.

    Attributes:
        files: What lies in its folder at least.
        load: Loads that folder.
    """

    files: tuple[str, ...]
    load: Load


def _files(denoiser: str, *encoders: str) -> tuple[str, ...]:
    return (
        "model_index.json",
        "scheduler/scheduler_config.json",
        f"{denoiser}/*.safetensors",
        "vae/*.safetensors",
        *(f"text_encoder{encoder}/*.safetensors" for encoder in encoders),
        *(f"tokenizer{encoder}/tokenizer_config.json" for encoder in encoders),
    )


WHOLE = "whole"  # the family of whatever has no step adapter
FAMILIES: dict[str, Family] = {
    "sd15": Family(_files("unet", ""), load_sd15),
    "sd21": Family(_files("unet", ""), load_sd15),
    "sdxl": Family(_files("unet", "", "_2"), load_sdxl),
    "sd3": Family(_files("transformer", "", "_2"), load_sd3),
    "flux": Family(_files("transformer", "", "_2"), load_flux),
}


def load_model(
    path: Path,
    family: str,
    device: torch.device,
    dtype: torch.dtype,
    tuning: Tuning = PLAIN,
) -> LoadedModel:
    """Load a model from a local folder in diffusers' layout.

    Args:
        path: The folder.
        family: A key of `FAMILIES`.
        device: Where the model will live.
        dtype: What it computes in, whatever its weights are stored in.
        tuning: How its denoiser is run.

    Raises:
        ModelUnavailable: The family is unknown, a file is missing, or the files do not load.
    """
    if family not in FAMILIES:
        known = ", ".join([*FAMILIES, WHOLE])
        raise ModelUnavailable(f"no family {family!r}; there are {known}")
    _check_files(path, FAMILIES[family].files)
    return _load(path, family, lambda: FAMILIES[family].load(path, device, dtype, tuning))


def load_whole(path: Path, device: torch.device, dtype: torch.dtype) -> WholeModel:
    """Load a pipeline that has no step adapter, of whatever class of diffusers its folder names.

    Raises:
        ModelUnavailable: A file is missing, or the files do not load.
    """
    _check_files(path, ("model_index.json",))
    return _load(path, WHOLE, lambda: WholeModel(load_any_pipeline(path, device, dtype)))


def _check_files(path: Path, files: Iterable[str]) -> None:
    missing = [file for file in files if not any(path.glob(file))]
    if missing:
        raise ModelUnavailable(f"{path} has no {', no '.join(missing)}")


def _load(path: Path, family: str, load: Callable[[], T]) -> T:
    _quiet_libraries()
    try:
        return load()
    except Exception as error:
        raise ModelUnavailable(f"{path} does not load as {family}: {error!r}") from error


def _quiet_libraries() -> None:
    """They would draw progress bars into the log, and write into it what a prompt lost."""
    for library in (diffusers_logging, transformers_logging):
        library.disable_progress_bar()
        library.set_verbosity_error()
    # It rounds the ends of a path and wonders about that at every one.
    warnings.filterwarnings("ignore", "Should have t", UserWarning, "torchsde")
