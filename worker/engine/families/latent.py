"""What the families that denoise latents have in common."""

from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from worker.engine.conditioning import Conditioning, EncodedText
from worker.engine.denoiser import Denoiser
from worker.engine.families.autoencoder import Autoencoder
from worker.engine.guidance import is_guided
from worker.engine.memory import DeviceMemory
from worker.engine.model import Schedule
from worker.engine.preview import fit_painter
from worker.engine.schedulers import Scheduler, make_scheduler


class LatentFamily:
    """A diffusers pipeline, taken apart so that its denoiser can be shared.

    The pipeline stays the owner: it corrects the scheduler's configuration and encodes prompts. A
    family adds what its denoiser and its text encoders want.

    Args:
        pipeline: On its device.
        denoiser: Its network, as it is to be run.
        latents_per_patch: Sides of a picture are whole multiples of as many latents.
        is_fragile: Its decoder is known to overflow in float16.
    """

    def __init__(
        self,
        pipeline: Any,  # noqa: ANN401 - diffusers is untyped
        denoiser: Denoiser,
        *,
        latents_per_patch: int = 1,
        is_fragile: bool = False,
    ) -> None:
        self._pipeline = pipeline
        self._denoise = denoiser
        self._latents_per_patch = latents_per_patch
        self._autoencoder = Autoencoder(
            pipeline.vae,
            pipeline.image_processor,
            DeviceMemory(pipeline.device).free_bytes,
            is_fragile=is_fragile,
        )
        self._painter = fit_painter(
            self._autoencoder.decode_colours, self._autoencoder.channels, pipeline.device
        )

    @property
    def is_inpainter(self) -> bool:
        """Whether the denoiser is shown a mask and the masked picture behind the latents."""
        return False

    def latent_shape(self, width_px: int, height_px: int) -> tuple[int, int, int]:
        """Return (C, H/8, W/8).

        Raises:
            ValueError: The picture is no whole number of latents, or of patches, wide or high.
        """
        factor = self._pipeline.vae_scale_factor
        multiple = factor * self._latents_per_patch
        if width_px % multiple or height_px % multiple:
            raise ValueError(f"{width_px}x{height_px} is not divisible by {multiple}")
        return self._autoencoder.channels, height_px // factor, width_px // factor

    def condition(
        self,
        prompt: EncodedText,
        negative_prompt: EncodedText,
        guidance_scale: float,
        size_px: tuple[int, int],  # noqa: ARG002 - some families are told the size
    ) -> Conditioning:
        """Put the negative prompt before the prompt, or the prompt alone if nothing is guided."""
        texts = [negative_prompt, prompt] if is_guided(guidance_scale) else [prompt]
        rows = {name: torch.cat([text.tensors[name] for text in texts]) for name in prompt.tensors}
        return Conditioning(rows, guidance_scale)

    def make_scheduler(self, schedule: Schedule) -> Scheduler:
        """Build a noise scheduler from the model's own configuration."""
        config, steps = self._pipeline.scheduler.config, schedule.num_inference_steps
        layout = self._layout(schedule)
        return make_scheduler(schedule.name, config, steps, layout, sigmas=schedule.sigmas)

    def _layout(self, schedule: Schedule) -> dict[str, Any]:  # noqa: ARG002 - flow families use it
        """Return what the family's pipeline tells a scheduler beside the number of steps."""
        return {}

    def encode_picture(
        self, pixels: npt.NDArray[np.uint8 | np.float32], generator: torch.Generator
    ) -> torch.Tensor:
        """Draw latents (1, C, H/8, W/8) of a picture (H, W, 3), scaled as the denoiser has them."""
        return self._autoencoder.encode(pixels, generator)

    def decode(self, latents: torch.Tensor) -> npt.NDArray[np.uint8]:
        """Turn latents (B, C, H/8, W/8) into pictures (B, H, W, 3)."""
        return self._autoencoder.decode(latents)

    def preview(self, latents: torch.Tensor) -> npt.NDArray[np.uint8]:
        """Paint clean latents (1, C, H/8, W/8) small and cheaply, (h, w, 3)."""
        return self._painter.paint(latents)

    def _count_patches(self, schedule: Schedule) -> int:
        _, height, width = self.latent_shape(schedule.width_px, schedule.height_px)
        return (height // self._latents_per_patch) * (width // self._latents_per_patch)
