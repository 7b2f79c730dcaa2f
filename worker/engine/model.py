"""What the engine asks of a model, whatever its family."""

from collections.abc import Mapping
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch

from worker.engine.conditioning import Conditioning
from worker.engine.schedulers import Scheduler


class LoadedModel(Protocol):
    """A model on its device. `families/` has one class for each family."""

    def latent_shape(self, width_px: int, height_px: int) -> tuple[int, int, int]:
        """Return (C, H/8, W/8)."""
        ...

    def encode_prompt(self, prompt: str, negative_prompt: str, *, is_guided: bool) -> Conditioning:
        """Encode both prompts, or the prompt alone where nothing is guided."""
        ...

    def make_scheduler(self, name: str, num_inference_steps: int) -> Scheduler:
        """Build a noise scheduler from the model's own configuration."""
        ...

    def predict_noise(
        self,
        latents: torch.Tensor,
        timesteps: torch.Tensor,
        conditioning: Mapping[str, torch.Tensor],
    ) -> torch.Tensor:
        """Run the denoiser once.

        Args:
            latents: (B, C, H/8, W/8).
            timesteps: (B,), each row its own.
            conditioning: Keyword arguments, each (B, ...).

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
