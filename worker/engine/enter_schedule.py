"""A schedule entered late: a picture under as much noise as the steps that are left remove.

Flow schedulers have another word for it, and their pipelines round the other way.
"""

from typing import Any

import torch

from worker.engine.schedulers import Scheduler


def find_first_step(scheduler: Scheduler, num_inference_steps: int, strength: float) -> int:
    """Return how many steps are left out, as diffusers rounds it.

    Args:
        scheduler: Of the pass.
        num_inference_steps: Of the whole schedule.
        strength: Share of it that is run, over 0 to 1.

    Raises:
        ValueError: Nothing is left.
    """
    if _is_flow(scheduler):
        first_step = int(num_inference_steps - num_inference_steps * strength)
    else:
        first_step = num_inference_steps - int(num_inference_steps * strength)
    if first_step == num_inference_steps:
        raise ValueError(f"strength {strength} of {num_inference_steps} steps leaves no step")
    return first_step


def enter_schedule(scheduler: Scheduler, first_step: int) -> int:
    """Let a scheduler begin at a step, and return the index of that step's first timestep."""
    entered: Any = scheduler
    first_timestep: int = first_step * entered.order
    if hasattr(entered, "set_begin_index"):
        entered.set_begin_index(first_timestep)
    return first_timestep


def add_noise(
    scheduler: Scheduler, latents: torch.Tensor, noise: torch.Tensor, timestep: torch.Tensor
) -> torch.Tensor:
    """Noise clean latents to a timestep, all (1, C, H/8, W/8).

    Args:
        scheduler: One that keeps count of its steps takes its own place, whatever `timestep` says.
        latents: Clean.
        noise: Of variance 1.
        timestep: ().
    """
    noising: Any = scheduler
    timesteps = timestep.reshape(1)
    if _is_flow(scheduler):
        return torch.as_tensor(noising.scale_noise(latents, timesteps, noise))
    return torch.as_tensor(noising.add_noise(latents, noise, timesteps))


def _is_flow(scheduler: Scheduler) -> bool:
    return hasattr(scheduler, "scale_noise")
