"""What the families whose denoiser is a U-Net have in common."""

from dataclasses import replace

import torch

from worker.engine.conditioning import Conditioning, EncodedText
from worker.engine.families.latent import LatentFamily


class UNetFamily(LatentFamily):
    """Guided by a second row, unless the U-Net was distilled to be told the scale itself."""

    @property
    def is_inpainter(self) -> bool:
        """Whether the denoiser is shown a mask and the masked picture behind the latents."""
        channels = self._autoencoder.channels
        shown: int = self._pipeline.unet.config.in_channels
        return shown == channels + 1 + channels

    def condition(
        self,
        prompt: EncodedText,
        negative_prompt: EncodedText,
        guidance_scale: float,
        size_px: tuple[int, int],
    ) -> Conditioning:
        """Put the negative prompt before the prompt if it is guided by that."""
        width = self._pipeline.unet.config.time_cond_proj_dim
        if width is None:
            return super().condition(prompt, negative_prompt, guidance_scale, size_px)
        alone = super().condition(prompt, negative_prompt, 1, size_px)
        scale = self._pipeline.get_guidance_scale_embedding(
            torch.tensor([guidance_scale - 1.0]), embedding_dim=width
        ).to(self._pipeline.device, self._pipeline.unet.dtype)
        return replace(alone, rows={**alone.rows, "timestep_cond": scale})
