"""A prompt as the denoiser reads it."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch


@dataclass(frozen=True, slots=True)
class Conditioning:
    """What the denoiser is told beside latents and timesteps.

    Attributes:
        rows: The denoiser's keyword arguments, each (R, ...): R is 2 with guidance, the negative
            prompt first, else 1.
        warnings: What of the prompts could not be used: `slug: detail`.
    """

    rows: Mapping[str, torch.Tensor]
    warnings: tuple[str, ...]

    @property
    def num_rows(self) -> int:
        """Rows that one image takes in a forward pass."""
        return len(next(iter(self.rows.values())))
