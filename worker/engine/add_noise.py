"""A picture's latents at a noise level; flow schedulers have another word for it."""

from typing import Any

import torch

from worker.engine.schedulers import Scheduler


def add_noise(
    scheduler: Scheduler,
    latents: torch.Tensor,
    noise: torch.Tensor,
    timestep: torch.Tensor,
) -> torch.Tensor:
    """Noise clean latents to a timestep, all (1, C, H/8, W/8).

    Args:
        scheduler: One with a `begin_index` takes its own place in the schedule, not `timestep`.
        latents: Clean.
        noise: Of variance 1.
        timestep: ().
    """
    noising: Any = scheduler
    timesteps = timestep.reshape(1)
    if hasattr(noising, "scale_noise"):
        noisy = noising.scale_noise(latents, timesteps, noise)
    else:
        noisy = noising.add_noise(latents, noise, timesteps)
    return torch.as_tensor(noisy)
