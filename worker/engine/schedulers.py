"""The noise schedulers, under the names people know, made from a model's own configuration."""

from collections.abc import Mapping
from typing import Any, Protocol, cast

import torch
from diffusers import DDIMScheduler, DPMSolverMultistepScheduler, EulerDiscreteScheduler


class Scheduler(Protocol):
    """The part of a diffusers scheduler that the engine uses; it belongs to one image."""

    config: Any
    timesteps: torch.Tensor
    alphas_cumprod: torch.Tensor
    init_noise_sigma: float | torch.Tensor

    def set_timesteps(self, num_inference_steps: int) -> None:
        """Lay out `timesteps` and start anew."""

    def scale_model_input(self, sample: torch.Tensor, timestep: torch.Tensor) -> torch.Tensor:
        """Return latents as the denoiser expects them, (1, C, H/8, W/8)."""

    def step(
        self,
        model_output: torch.Tensor,
        timestep: torch.Tensor,
        sample: torch.Tensor,
        *,
        return_dict: bool,
    ) -> tuple[torch.Tensor, ...]:
        """Return the latents of the next timestep first, (1, C, H/8, W/8)."""


# What a name promises whatever the model's own scheduler is.
SCHEDULERS: dict[str, tuple[Any, dict[str, object]]] = {
    "ddim": (DDIMScheduler, {}),
    "euler": (EulerDiscreteScheduler, {}),
    "dpm++2m": (
        DPMSolverMultistepScheduler,
        {"algorithm_type": "dpmsolver++", "solver_order": 2},
    ),
}


def make_scheduler(name: str, config: Mapping[str, Any], num_inference_steps: int) -> Scheduler:
    """Build a scheduler and lay out its timesteps.

    Args:
        name: A key of `SCHEDULERS`.
        config: The model's scheduler configuration as its pipeline corrects it (`steps_offset` 1).
        num_inference_steps: Steps asked for; rounding may add one to `timesteps`, as in diffusers.

    Raises:
        ValueError: No scheduler has this name.
    """
    if name not in SCHEDULERS:
        raise ValueError(f"no scheduler {name!r}; there are {', '.join(SCHEDULERS)}")
    scheduler_class, overrides = SCHEDULERS[name]
    scheduler = cast("Scheduler", scheduler_class.from_config(config, **overrides))
    scheduler.set_timesteps(num_inference_steps)
    return scheduler
