"""Stable Diffusion 1: CLIP text, a U-Net, an autoencoder. Also 2.x, and our `mini`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from transformers import CLIPTextModel

from worker.engine.conditioning import Conditioning
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

    def encode_prompt(self, prompt: str, negative_prompt: str, *, is_guided: bool) -> Conditioning:
        """Encode both prompts, or the prompt alone where nothing is guided."""
        pipeline = self._pipeline
        cond, uncond = pipeline.encode_prompt(
            prompt,
            device=pipeline.device,
            num_images_per_prompt=1,
            do_classifier_free_guidance=is_guided,
            negative_prompt=negative_prompt,
        )  # (1, T, D) each, T the tokenizer's full length
        texts = {"prompt": prompt} | ({"negative-prompt": negative_prompt} if is_guided else {})
        cuts = {name: find_cut_text(pipeline.tokenizer, text) for name, text in texts.items()}
        return Conditioning(
            rows={"encoder_hidden_states": torch.cat([uncond, cond]) if is_guided else cond},
            warnings=tuple(f"{name}-truncated: {cut}" for name, cut in cuts.items() if cut),
        )

    def make_scheduler(self, name: str, num_inference_steps: int) -> Scheduler:
        """Build a noise scheduler from the model's own configuration."""
        return make_scheduler(name, self._pipeline.scheduler.config, num_inference_steps)

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
