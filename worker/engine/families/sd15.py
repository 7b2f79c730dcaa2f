"""Stable Diffusion 1 and 2, and our `mini`: one CLIP encoder and a U-Net.

Version 2 differs in what its folder says alone: another encoder, v-prediction.
"""

from collections.abc import Mapping
from pathlib import Path

import torch

from worker.engine.conditioning import EncodedText
from worker.engine.denoiser import Denoiser
from worker.engine.families.load_pipeline import load_pipeline
from worker.engine.families.unet import UNetFamily
from worker.engine.truncation import find_cut_text
from worker.engine.tuning import Tuning


class StableDiffusion1(UNetFamily):
    """The denoiser reads the encoder's last hidden states."""

    def encode_text(self, text: str) -> EncodedText:
        """Run the text encoder over one text."""
        pipeline = self._pipeline
        hidden_states = pipeline.encode_prompt(
            text, device=pipeline.device, num_images_per_prompt=1, do_classifier_free_guidance=False
        )[0]  # (1, T, D), T the tokenizer's full length
        cut = find_cut_text(text, [(pipeline.tokenizer, pipeline.tokenizer.model_max_length)])
        return EncodedText({"encoder_hidden_states": hidden_states}, cut)

    def predict_noise(
        self,
        latents: torch.Tensor,
        timesteps: torch.Tensor,
        conditioning: Mapping[str, torch.Tensor],
    ) -> torch.Tensor:
        """Run the U-Net once over latents (B, C, H/8, W/8) with timesteps (B,)."""
        return self._denoise(latents, timesteps, **conditioning)


def load_sd15(
    path: Path, device: torch.device, dtype: torch.dtype, tuning: Tuning
) -> StableDiffusion1:
    """Load a folder in diffusers' layout.

    Raises:
        ValueError: A weight is missing.
    """
    pipeline = load_pipeline(
        "StableDiffusionPipeline",
        path,
        device,
        dtype,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    return StableDiffusion1(pipeline, Denoiser(pipeline.unet, tuning))
