"""Stable Diffusion 3: three encoders, two of them pooled, and a transformer that learned flow."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from worker.engine.conditioning import EncodedText
from worker.engine.denoiser import Denoiser
from worker.engine.families.flow_shift import flow_shift
from worker.engine.families.latent import LatentFamily
from worker.engine.families.load_pipeline import load_pipeline
from worker.engine.model import Schedule
from worker.engine.truncation import find_cut_text
from worker.engine.tuning import Tuning

T5_LENGTH = 256  # the pipeline's own


class StableDiffusion3(LatentFamily):
    """The third encoder may be absent: the pipeline puts zeros in its place."""

    def encode_text(self, text: str) -> EncodedText:
        """Run all text encoders over one text."""
        pipeline = self._pipeline
        hidden_states, _, pooled, _ = pipeline.encode_prompt(
            text,
            None,
            None,
            device=pipeline.device,
            num_images_per_prompt=1,
            do_classifier_free_guidance=False,
            max_sequence_length=T5_LENGTH,
        )  # (1, T1 + T3, D) and (1, D1 + D2)
        clip = pipeline.tokenizer_max_length
        lengths = [(pipeline.tokenizer, clip), (pipeline.tokenizer_2, clip)]
        if pipeline.tokenizer_3 is not None:
            lengths.append((pipeline.tokenizer_3, T5_LENGTH))
        tensors = {"encoder_hidden_states": hidden_states, "pooled_projections": pooled}
        return EncodedText(tensors, find_cut_text(text, lengths))

    def _layout(self, schedule: Schedule) -> dict[str, Any]:
        config = self._pipeline.scheduler.config
        if not config.get("use_dynamic_shifting"):
            return {}
        return {"mu": flow_shift(config, self._count_patches(schedule))}

    def predict_noise(
        self,
        latents: torch.Tensor,
        timesteps: torch.Tensor,
        conditioning: Mapping[str, torch.Tensor],
    ) -> torch.Tensor:
        """Run the transformer once over latents (B, C, H/8, W/8) with timesteps (B,)."""
        return self._denoise(hidden_states=latents, timestep=timesteps, **conditioning)


def load_sd3(
    path: Path, device: torch.device, dtype: torch.dtype, tuning: Tuning
) -> StableDiffusion3:
    """Load a folder in diffusers' layout.

    Raises:
        ValueError: A weight is missing.
    """
    pipeline = load_pipeline("StableDiffusion3Pipeline", path, device, dtype)
    return StableDiffusion3(
        pipeline, Denoiser(pipeline.transformer, tuning), latents_per_patch=pipeline.patch_size
    )
