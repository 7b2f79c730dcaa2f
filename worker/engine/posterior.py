"""A picture as an autoencoder sees it: not latents yet, but where they lie and how surely."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch


@dataclass(frozen=True, slots=True, kw_only=True)
class Posterior:
    """A normal distribution over latents.

    Attributes:
        mean: (1, C, H/8, W/8), as the autoencoder has it.
        std: Same shape.
        shift: Taken off what is drawn, before
        scale: makes it as the denoiser has it.
    """

    mean: torch.Tensor
    std: torch.Tensor
    shift: float = 0.0
    scale: float

    def sample(self, noise: torch.Tensor) -> torch.Tensor:
        """Return latents (1, C, H/8, W/8), at the place that noise of variance 1 points to."""
        latents = self.mean + self.std * noise.to(self.mean.device, self.mean.dtype)
        return (latents - self.shift) * self.scale


def picture_values(pixels: npt.NDArray[np.uint8]) -> torch.Tensor:
    """Turn a picture (H, W, 3) into values from -1 to 1, (1, 3, H, W)."""
    values = torch.from_numpy(pixels.astype(np.float32) / 255)
    return 2 * values.permute(2, 0, 1).unsqueeze(0) - 1
