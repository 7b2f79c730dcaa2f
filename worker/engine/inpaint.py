"""What a mask keeps while an image is denoised: its latents, or its channels of the model's input.

Source: diffusers' StableDiffusionInpaintPipeline.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from worker.engine.enter_schedule import add_noise
from worker.engine.schedulers import Scheduler


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The picture around the mask, for a model that knows of no masks.

    Attributes:
        mask: (1, 1, H/8, W/8), 1 where the image is repainted.
        latents: Of the picture, (1, C, H/8, W/8).
        noise: That the image began with, same shape.
    """

    mask: torch.Tensor
    latents: torch.Tensor
    noise: torch.Tensor

    def blend(
        self, painted: torch.Tensor, scheduler: Scheduler, timestep: torch.Tensor | None
    ) -> torch.Tensor:
        """Put the picture back around what is painted, (1, C, H/8, W/8).

        Args:
            painted: Latents after a step, same shape.
            scheduler: That took the step.
            timestep: The one to come, (); None after the last.
        """
        kept = self.latents
        if timestep is not None:
            kept = add_noise(scheduler, kept, self.noise, timestep)
        return (1 - self.mask) * kept + self.mask * painted


def shrink_mask(is_painted: npt.NDArray[np.bool_], latents: torch.Tensor) -> torch.Tensor:
    """Reduce a mask to latents, (1, 1, H/8, W/8): each takes the pixel at its corner.

    Args:
        is_painted: (H, W), true where the image is repainted.
        latents: (1, C, H/8, W/8), for their size, device and dtype.
    """
    mask = torch.from_numpy(is_painted)[None, None].float()
    return torch.nn.functional.interpolate(mask, size=latents.shape[-2:]).to(latents)
