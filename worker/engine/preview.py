"""Previews: latents painted by a linear map that each model's own autoencoder teaches."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional as F

CALIBRATION_SEED = 0
CALIBRATION_LATENTS = (8, 8)  # height and width
NUM_CALIBRATION_PICTURES = 8
RIDGE = 1e-3


@dataclass(frozen=True, slots=True)
class LatentPainter:
    """A linear map from latents to colours.

    Attributes:
        weight: (C + 1, 3), the last row a constant; colours from -1 to 1.
    """

    weight: torch.Tensor

    def paint(self, latents: torch.Tensor) -> npt.NDArray[np.uint8]:
        """Paint latents (1, C, H/8, W/8), a pixel for each, (H/8, W/8, 3)."""
        colours = _with_constant(latents[0].permute(1, 2, 0)) @ self.weight
        pixels = ((colours / 2 + 0.5).clamp(0, 1) * 255).round().to(torch.uint8)
        return np.asarray(pixels.cpu().numpy())


@torch.inference_mode()
def fit_painter(vae: Any) -> LatentPainter:  # noqa: ANN401 - mypy cannot see into diffusers
    """Learn the map by least squares from latents and the small pictures they decode to.

    Args:
        vae: An `AutoencoderKL`.
    """
    generator = torch.Generator("cpu").manual_seed(CALIBRATION_SEED)
    shape = (NUM_CALIBRATION_PICTURES, vae.config.latent_channels, *CALIBRATION_LATENTS)
    latents = torch.randn(shape, generator=generator).to(vae.device, vae.dtype)
    pictures = vae.decode(latents / vae.config.scaling_factor, return_dict=False)[0]
    colours = F.interpolate(pictures, size=CALIBRATION_LATENTS, mode="area")
    inputs = _with_constant(latents.permute(0, 2, 3, 1).flatten(0, 2).float())  # (N, C + 1)
    targets = colours.permute(0, 2, 3, 1).flatten(0, 2).float()  # (N, 3)
    gram = inputs.T @ inputs + RIDGE * len(inputs) * torch.eye(inputs.shape[1]).to(inputs)
    return LatentPainter(torch.linalg.solve(gram, inputs.T @ targets).to(vae.dtype))


def _with_constant(values: torch.Tensor) -> torch.Tensor:
    return torch.cat([values, torch.ones_like(values[..., :1])], dim=-1)
