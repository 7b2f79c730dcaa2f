"""Trying out what passes of an image's batch key take, without taking the image further."""

from dataclasses import dataclass

import torch

from worker.engine.model import LoadedModel
from worker.engine.trajectory import Trajectory


@dataclass(frozen=True, slots=True)
class ImageRehearsal:
    """One image as it is about to run; nothing of it changes."""

    model: LoadedModel
    trajectory: Trajectory

    def run_pass(self, num_rows: int) -> None:
        """Run a forward pass of so many rows like this image's to its end."""
        latents = _repeat(self.trajectory.model_input(), num_rows)
        timesteps = self.trajectory.timestep.float().expand(num_rows).to(latents.device)
        rows = self.trajectory.conditioning.rows
        conditioning = {name: _repeat(tensor, num_rows) for name, tensor in rows.items()}
        self.model.predict_noise(latents, timesteps, conditioning)
        if latents.is_cuda:
            torch.cuda.synchronize(latents.device)

    def decode(self) -> None:
        """Make a picture of its size, of latents that no decoder overflows on."""
        self.model.decode(torch.zeros_like(self.trajectory.latents))


def _repeat(tensor: torch.Tensor, num_rows: int) -> torch.Tensor:
    return tensor[:1].expand(num_rows, *tensor.shape[1:]).contiguous()
