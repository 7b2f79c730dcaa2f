"""What the engine asks of a model, whatever its family."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch

from worker.engine.conditioning import Conditioning, EncodedText
from worker.engine.schedulers import Scheduler


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The noise levels asked for.

    Attributes:
        name: A key of `SCHEDULERS`.
        sigmas: Spacing of the noise levels: `default`, or one that the scheduler offers.
    """

    name: str
    sigmas: str
    num_inference_steps: int
    width_px: int
    height_px: int


class LoadedModel(Protocol):
    """A model on its device. `families/` has one class for each family."""

    @property
    def is_inpainter(self) -> bool:
        """Whether the denoiser is shown a mask and the masked picture behind the latents."""
        ...

    def latent_shape(self, width_px: int, height_px: int) -> tuple[int, int, int]:
        """Return (C, H/8, W/8)."""
        ...

    def encode_text(self, text: str) -> EncodedText:
        """Run the text encoders over one text."""
        ...

    def condition(
        self,
        prompt: EncodedText,
        negative_prompt: EncodedText,
        guidance_scale: float,
        size_px: tuple[int, int],
    ) -> Conditioning:
        """Say what the denoiser is told, with a row for the negative prompt only if it is guided.

        Args:
            prompt: What to draw.
            negative_prompt: What to keep out.
            guidance_scale: As it was asked for; a family may mean something else by it.
            size_px: Width and height of the picture.
        """
        ...

    def make_scheduler(self, schedule: Schedule) -> Scheduler:
        """Build a noise scheduler from the model's own configuration."""
        ...

    def encode_picture(
        self, pixels: npt.NDArray[np.uint8 | np.float32], generator: torch.Generator
    ) -> torch.Tensor:
        """Draw latents (1, C, H/8, W/8) of a picture, scaled as the denoiser has them.

        Args:
            pixels: (H, W, 3), from 0 to 255.
            generator: Drawn from once.
        """
        ...

    def predict_noise(
        self,
        latents: torch.Tensor,
        timesteps: torch.Tensor,
        conditioning: Mapping[str, torch.Tensor],
    ) -> torch.Tensor:
        """Run the denoiser once.

        Args:
            latents: (B, C, H/8, W/8); models with more input channels take them behind.
            timesteps: (B,), each row its own.
            conditioning: Named as in `Conditioning.rows`, each (B, ...).

        Returns:
            (B, C, H/8, W/8).
        """
        ...

    def decode(self, latents: torch.Tensor) -> npt.NDArray[np.uint8]:
        """Turn latents (B, C, H/8, W/8) into pictures (B, H, W, 3)."""
        ...

    def preview(self, latents: torch.Tensor) -> npt.NDArray[np.uint8]:
        """Paint clean latents (1, C, H/8, W/8) small and cheaply, (h, w, 3)."""
        ...
