"""Where an image begins its way: noise, and what else its task gives it."""

from dataclasses import dataclass

import torch

from worker.engine.latents import draw_noise, seeded_generator
from worker.engine.request import ImageRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """The beginning of a trajectory.

    Attributes:
        noise: Of variance 1, (1, C, H/8, W/8).
        generator: The image's own; whatever is random later goes on drawing from it.
    """

    noise: torch.Tensor
    generator: torch.Generator


def start_from_noise(
    image: ImageRequest, shape: tuple[int, ...], device: torch.device, dtype: torch.dtype
) -> Start:
    """Draw the noise of an image; `shape` is (C, H/8, W/8)."""
    generator = seeded_generator(image.seed)
    return Start(noise=draw_noise(generator, shape, dtype).to(device), generator=generator)
