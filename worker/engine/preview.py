"""Previews: latents painted without the decoder, by a map that each model's own decoder teaches.

A decoder costs as much as a denoising step and more; this map costs a hundredth of it. It is linear
in the nine latents around a place, which carries shapes, and in random features of the middle one,
which carry colours: an autoencoder may bend them so much that a linear map alone paints them grey.

Source of the features: Rahimi and Recht 2008, "Weighted sums of random kitchen sinks".
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional as F

Decode = Callable[[torch.Tensor], torch.Tensor]

PIXELS_PER_LATENT = 2
NUM_FEATURES = 256
CALIBRATION_SEED = 0
# Patches of one colour, since that is what pictures are made of and what noise never is.
NUM_PICTURES, PATCHES, PATCH, CONTRAST = 24, 4, 4, 1.2
RIDGE = 1e-3


@dataclass(frozen=True, slots=True)
class LatentPainter:
    """A map from latents to colours from -1 to 1.

    Attributes:
        directions: (C + 1, K), of the random features; the last row is constant.
        weight: (9 C + K + 1, 3 PIXELS_PER_LATENT^2), learned.
    """

    directions: torch.Tensor
    weight: torch.Tensor

    def paint(self, latents: torch.Tensor) -> npt.NDArray[np.uint8]:
        """Paint clean latents (1, C, H/8, W/8), small, (H/4, W/4, 3)."""
        height, width = latents.shape[-2:]
        colours = compute_features(latents.float(), self.directions) @ self.weight
        colours = F.pixel_shuffle(colours.T.reshape(1, -1, height, width), PIXELS_PER_LATENT)
        pixels = ((colours / 2 + 0.5).clamp(0, 1) * 255).round().to(torch.uint8)
        return np.ascontiguousarray(pixels[0].permute(1, 2, 0).cpu().numpy())


def compute_features(latents: torch.Tensor, directions: torch.Tensor) -> torch.Tensor:
    """Describe each place of latents (B, C, h, w) by itself and its neighbours.

    Returns:
        (B h w, 9 C + K + 1), the last column constant.
    """
    padded = F.pad(latents, (1, 1, 1, 1), mode="replicate")
    around = F.unfold(padded, kernel_size=3).transpose(1, 2).flatten(0, 1)
    middle = _with_constant(latents.permute(0, 2, 3, 1).flatten(0, 2))
    return _with_constant(torch.cat([around, torch.tanh(middle @ directions)], dim=1))


@torch.inference_mode()
def fit_painter(decode: Decode, channels: int, device: torch.device) -> LatentPainter:
    """Learn the map by least squares from random patches and the pictures they decode to.

    Args:
        decode: Turns latents (B, C, H/8, W/8) into colours from -1 to 1, (B, 3, H, W).
        channels: C.
        device: Where it decodes.
    """
    generator = torch.Generator("cpu").manual_seed(CALIBRATION_SEED)
    directions = torch.randn((channels + 1, NUM_FEATURES), generator=generator).to(device)
    patches = CONTRAST * torch.randn(
        (NUM_PICTURES, channels, PATCHES, PATCHES), generator=generator
    )
    latents = F.interpolate(patches, scale_factor=PATCH, mode="nearest").to(device)

    pictures = torch.cat([decode(one) for one in torch.split(latents, 1)]).float()
    size = PATCHES * PATCH * PIXELS_PER_LATENT
    small = F.interpolate(pictures, size=(size, size), mode="area")
    colours = F.pixel_unshuffle(small, PIXELS_PER_LATENT).flatten(2).transpose(1, 2).flatten(0, 1)

    features = compute_features(latents, directions)
    gram = features.T @ features + RIDGE * len(features) * torch.eye(features.shape[1]).to(features)
    return LatentPainter(directions, torch.linalg.solve(gram, features.T @ colours))


def _with_constant(values: torch.Tensor) -> torch.Tensor:
    return torch.cat([values, torch.ones_like(values[:, :1])], dim=1)
