"""Stable Diffusion 1: CLIP text, a U-Net, an autoencoder. Also 2.x, and our `mini`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from transformers import CLIPTextModel

from worker.engine.conditioning import Conditioning, EncodedText
from worker.engine.guidance import is_guided
from worker.engine.model import Schedule
from worker.engine.preview import LatentPainter, fit_painter
from worker.engine.schedulers import Scheduler, make_scheduler
from worker.engine.truncation import find_cut_text


class StableDiffusion1:
    """A diffusers pipeline, taken apart so that its denoiser can be shared.

    The pipeline stays the owner: it corrects the scheduler's configuration and encodes prompts.
    """

    def __init__(self, pipeline: Any, painter: LatentPainter) -> None:  # noqa: ANN401 - untyped
        self._pipeline = pipeline
        self._painter = painter

    def latent_shape(self, width_px: int, height_px: int) -> tuple[int, int, int]:
        """Return (C, H/8, W/8).

        Raises:
            ValueError: The picture is no whole number of latents wide or high.
        """
        factor = self._pipeline.vae_scale_factor
        if width_px % factor or height_px % factor:
            raise ValueError(f"{width_px}x{height_px} is not divisible by {factor}")
        return self._pipeline.unet.config.in_channels, height_px // factor, width_px // factor

    def encode_text(self, text: str) -> EncodedText:
        """Run the text encoder over one text."""
        pipeline = self._pipeline
        hidden_states = pipeline.encode_prompt(
            text, device=pipeline.device, num_images_per_prompt=1, do_classifier_free_guidance=False
        )[0]  # (1, T, D), T the tokenizer's full length
        cut = find_cut_text(pipeline.tokenizer, text)
        return EncodedText({"encoder_hidden_states": hidden_states}, cut)

    def condition(
        self,
        prompt: EncodedText,
        negative_prompt: EncodedText,
        guidance_scale: float,
        size_px: tuple[int, int],  # noqa: ARG002 - other families are told the size
    ) -> Conditioning:
        """Put the negative prompt before the prompt, or the prompt alone if nothing is guided."""
        texts = [negative_prompt, prompt] if is_guided(guidance_scale) else [prompt]
        rows = {name: torch.cat([text.tensors[name] for text in texts]) for name in prompt.tensors}
        return Conditioning(rows, guidance_scale)

    def make_scheduler(self, schedule: Schedule) -> Scheduler:
        """Build a noise scheduler from the model's own configuration."""
        config = self._pipeline.scheduler.config
        return make_scheduler(schedule.name, config, schedule.num_inference_steps)

    def encode_picture(
        self, pixels: npt.NDArray[np.uint8], generator: torch.Generator
    ) -> torch.Tensor:
        """Draw latents (1, C, H/8, W/8) of a picture (H, W, 3)."""
        vae = self._pipeline.vae
        picture = torch.from_numpy(pixels[None].astype(np.float32) / 255).permute(0, 3, 1, 2)
        picture = (picture * 2 - 1).to(vae.device, vae.dtype)
        latents = vae.encode(picture).latent_dist.sample(generator)
        return latents * vae.config.scaling_factor  # type: ignore[no-any-return]

    def predict_noise(
        self,
        latents: torch.Tensor,
        timesteps: torch.Tensor,
        conditioning: Mapping[str, torch.Tensor],
    ) -> torch.Tensor:
        """Run the U-Net once over latents (B, C, H/8, W/8) with timesteps (B,)."""
        noise_pred: torch.Tensor = self._pipeline.unet(
            latents, timesteps, **conditioning, return_dict=False
        )[0]
        return noise_pred

    def decode(self, latents: torch.Tensor) -> npt.NDArray[np.uint8]:
        """Turn latents (B, C, H/8, W/8) into pictures (B, H, W, 3)."""
        vae = self._pipeline.vae
        pictures = vae.decode(latents / vae.config.scaling_factor, return_dict=False)[0]
        values = self._pipeline.image_processor.postprocess(pictures, output_type="np")
        return np.asarray((values * 255).round().astype(np.uint8))

    def preview(self, latents: torch.Tensor) -> npt.NDArray[np.uint8]:
        """Paint clean latents (1, C, H/8, W/8) small and cheaply, (h, w, 3)."""
        return self._painter.paint(latents)


def load_sd15(path: Path, device: torch.device, dtype: torch.dtype) -> StableDiffusion1:
    """Load a folder in diffusers' layout.

    Raises:
        ValueError: A weight is missing.
    """
    from diffusers import StableDiffusionPipeline  # noqa: PLC0415 - takes seconds, and logs

    loaded: Any = CLIPTextModel.from_pretrained(
        path / "text_encoder",
        dtype=dtype,
        use_safetensors=True,
        local_files_only=True,
        output_loading_info=True,
    )
    text_encoder, report = loaded
    pipeline: Any = StableDiffusionPipeline.from_pretrained(  # type: ignore[no-untyped-call]
        path,
        text_encoder=text_encoder,
        dtype=dtype,
        use_safetensors=True,
        local_files_only=True,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    # transformers makes up what is missing, diffusers leaves it without data.
    missing = [f"text_encoder {name}" for name in sorted(report["missing_keys"])]
    for part in ("unet", "vae"):
        weights = getattr(pipeline, part).named_parameters()
        missing += [f"{part} {name}" for name, weight in weights if weight.is_meta]
    if missing:
        raise ValueError(f"missing weights: {', '.join(missing)}")
    pipeline.to(device)
    return StableDiffusion1(pipeline, fit_painter(pipeline.vae))
