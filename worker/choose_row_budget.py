"""How wide the forward passes of a worker are: as it was told, or as it measures."""

from collections.abc import Callable
from pathlib import Path

import platformdirs
import torch

from shared.config import Settings
from worker.choose_tuning import choose_tuning
from worker.describe_machine import describe_machine
from worker.engine.budget import FixedRowBudget, MeasuredRowBudget, RowBudget
from worker.engine.memory import DeviceMemory
from worker.engine.profile import ProfileFolder


def choose_row_budget(
    settings: Settings,
    device: torch.device,
    dtype: torch.dtype,
    memory: DeviceMemory,
    weights_of: Callable[[str], str],
) -> RowBudget:
    """Return the budget of an engine on a device.

    Args:
        settings: They may name a width.
        device: Where the engine computes.
        dtype: What it computes in.
        memory: What its passes must fit into.
        weights_of: Names the weights of a loaded model.
    """
    if settings.max_rows is not None:
        return FixedRowBudget(settings.max_rows)
    folder = settings.profiles or Path(platformdirs.user_cache_path("atelier")) / "profiles"
    machine = describe_machine(device, dtype)
    profiles = ProfileFolder(
        folder,
        {
            "device": machine.device,
            "dtype": machine.dtype,
            "torch": machine.versions["torch"],
            "diffusers": machine.versions["diffusers"],
            "threads": str(torch.get_num_threads()),
            "tuning": str(choose_tuning(settings)),
        },
    )
    return MeasuredRowBudget(profiles, memory, weights_of)
