"""Stable Diffusion XL: two encoders, their pooled output and the picture's size, and a U-Net."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import torch

from worker.engine.conditioning import Conditioning, EncodedText
from worker.engine.denoiser import Denoiser
from worker.engine.families.load_pipeline import load_pipeline
from worker.engine.families.unet import UNetFamily
from worker.engine.truncation import find_cut_text
from worker.engine.tuning import Tuning


class StableDiffusionXL(UNetFamily):
    """Where its folder forces it, an empty negative prompt is no text but zeros, as in diffusers.

    The library means a negative prompt of None by that; here an empty one means none.
    """

    def encode_text(self, text: str) -> EncodedText:
        """Run both text encoders over one text."""
        pipeline = self._pipeline
        hidden_states, _, pooled, _ = pipeline.encode_prompt(
            text, device=pipeline.device, num_images_per_prompt=1, do_classifier_free_guidance=False
        )  # (1, T, D1 + D2) and (1, D2)
        both = [pipeline.tokenizer, pipeline.tokenizer_2]
        cut = find_cut_text(text, [(one, one.model_max_length) for one in both])
        tensors = {"encoder_hidden_states": hidden_states, "text_embeds": pooled}
        return EncodedText(tensors, cut, is_empty=not text)

    def condition(
        self,
        prompt: EncodedText,
        negative_prompt: EncodedText,
        guidance_scale: float,
        size_px: tuple[int, int],
    ) -> Conditioning:
        """Put the negative prompt before the prompt if it is guided, and name the picture's size.

        The picture is asked for as one that was never cropped nor resized.
        """
        if negative_prompt.is_empty and self._pipeline.config.force_zeros_for_empty_prompt:
            zeros = {name: torch.zeros_like(one) for name, one in negative_prompt.tensors.items()}
            negative_prompt = replace(negative_prompt, tensors=zeros)
        texts = super().condition(prompt, negative_prompt, guidance_scale, size_px)
        width_px, height_px = size_px
        size = [[height_px, width_px, 0, 0, height_px, width_px]]
        time_ids = texts.rows["text_embeds"].new_tensor(size).repeat(texts.num_rows, 1)
        return replace(texts, rows={**texts.rows, "time_ids": time_ids})

    def predict_noise(
        self,
        latents: torch.Tensor,
        timesteps: torch.Tensor,
        conditioning: Mapping[str, torch.Tensor],
    ) -> torch.Tensor:
        """Run the U-Net once over latents (B, C, H/8, W/8) with timesteps (B,)."""
        added = {name: conditioning[name] for name in ("text_embeds", "time_ids")}
        return self._denoise(
            latents,
            timesteps,
            added_cond_kwargs=added,
            **{name: value for name, value in conditioning.items() if name not in added},
        )


def load_sdxl(
    path: Path, device: torch.device, dtype: torch.dtype, tuning: Tuning
) -> StableDiffusionXL:
    """Load a folder in diffusers' layout.

    Raises:
        ValueError: A weight is missing.
    """
    pipeline = load_pipeline(
        "StableDiffusionXLPipeline", path, device, dtype, add_watermarker=False
    )
    return StableDiffusionXL(
        pipeline, Denoiser(pipeline.unet, tuning), is_fragile=pipeline.vae.config.force_upcast
    )
