"""FLUX.1: a CLIP encoder for the whole text, T5 for its words, and a transformer of patches."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from worker.engine.conditioning import Conditioning, EncodedText
from worker.engine.denoiser import Denoiser
from worker.engine.families.flow_shift import flow_shift
from worker.engine.families.latent import LatentFamily
from worker.engine.families.load_pipeline import load_pipeline
from worker.engine.model import Schedule
from worker.engine.truncation import find_cut_text
from worker.engine.tuning import Tuning

DEV_LENGTH, SCHNELL_LENGTH = 512, 256  # words of T5 that each was trained with


class Flux(LatentFamily):
    """Its guidance was distilled into the transformer: one row, which is told the scale.

    So the negative prompt is not read. The model of few steps (schnell) knows no guidance at all.
    """

    @property
    def _is_guided(self) -> bool:
        return bool(self._pipeline.transformer.config.guidance_embeds)

    def encode_text(self, text: str) -> EncodedText:
        """Run both text encoders over one text."""
        pipeline = self._pipeline
        length = DEV_LENGTH if self._is_guided else SCHNELL_LENGTH
        hidden_states, pooled, _ = pipeline.encode_prompt(
            text, device=pipeline.device, num_images_per_prompt=1, max_sequence_length=length
        )  # (1, T, D2) and (1, D1)
        tensors = {"encoder_hidden_states": hidden_states, "pooled_projections": pooled}
        return EncodedText(tensors, find_cut_text(text, [(pipeline.tokenizer_2, length)]))

    def condition(
        self,
        prompt: EncodedText,
        negative_prompt: EncodedText,
        guidance_scale: float,
        size_px: tuple[int, int],
    ) -> Conditioning:
        """Take the prompt alone, and the scale as something the transformer reads."""
        alone = super().condition(prompt, negative_prompt, 1, size_px)
        if not self._is_guided:
            return alone
        guidance = torch.full((1,), guidance_scale, device=self._pipeline.device)
        return replace(alone, rows={**alone.rows, "guidance": guidance})

    def _layout(self, schedule: Schedule) -> dict[str, Any]:
        steps = schedule.num_inference_steps
        config = self._pipeline.scheduler.config
        return {
            "sigmas": np.linspace(1.0, 1 / steps, steps),
            "mu": flow_shift(config, self._count_patches(schedule)),
        }

    def predict_noise(
        self,
        latents: torch.Tensor,
        timesteps: torch.Tensor,
        conditioning: Mapping[str, torch.Tensor],
    ) -> torch.Tensor:
        """Run the transformer once over latents (B, C, H/8, W/8) with timesteps (B,)."""
        batch, channels, height, width = latents.shape
        pipeline = self._pipeline
        text_ids = latents.new_zeros(conditioning["encoder_hidden_states"].shape[1], 3)
        image_ids = pipeline._prepare_latent_image_ids(  # noqa: SLF001 - the one place it is told
            batch, height // 2, width // 2, latents.device, latents.dtype
        )
        patches = self._denoise(
            hidden_states=pipeline._pack_latents(latents, batch, channels, height, width),  # noqa: SLF001
            timestep=timesteps.to(latents.dtype) / 1000,
            txt_ids=text_ids,
            img_ids=image_ids,
            **conditioning,
        )  # (B, H/16 W/16, 4 C)
        factor = pipeline.vae_scale_factor
        noise_pred: torch.Tensor = pipeline._unpack_latents(  # noqa: SLF001
            patches, height * factor, width * factor, factor
        )
        return noise_pred


def load_flux(path: Path, device: torch.device, dtype: torch.dtype, tuning: Tuning) -> Flux:
    """Load a folder in diffusers' layout.

    Raises:
        ValueError: A weight is missing.
    """
    pipeline = load_pipeline("FluxPipeline", path, device, dtype)
    return Flux(pipeline, Denoiser(pipeline.transformer, tuning), latents_per_patch=2)
