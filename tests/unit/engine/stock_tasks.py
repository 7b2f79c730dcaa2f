"""What diffusers' own pipelines of each task make of an image, with nobody else about."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import torch
from PIL import Image

from tests.unit.engine.stock import stock_scheduler
from worker.engine.composite import composite
from worker.engine.events import Pixels
from worker.engine.request import GenerationRequest, ImageRequest, StartPicture

LATENT_PX = 8


@dataclass(frozen=True)
class StockImage:
    """One image of a request, and the folder of its model."""

    folder: Path
    request: GenerationRequest
    image: ImageRequest

    def make(self) -> Pixels:
        """Call a pipeline for each pass, and lay what was repainted into its picture."""
        start = self.image.start
        if start is None:
            picture = self._from_noise()
        elif start.mask is not None:
            picture = composite(self.repaint(start), start.pixels, start.mask)
        elif start.toward is not None:
            picture = self._between_pictures(start, start.toward)
        else:
            size_px = self.request.width_px, self.request.height_px
            picture = self._from_picture(start.pixels, size_px, strength=start.strength)
        second = self.request.second_pass
        if second is None:
            return picture
        return self._from_picture(
            picture,
            (second.width_px, second.height_px),
            strength=second.strength,
            num_inference_steps=second.num_inference_steps,
        )

    def repaint(self, start: StartPicture) -> Pixels:
        """Return the picture before it is laid into the one it came from."""
        return self._call(
            "StableDiffusionInpaintPipeline",
            image=Image.fromarray(start.pixels),
            mask_image=Image.fromarray(start.mask) if start.mask is not None else None,
            strength=start.strength,
            width=self.request.width_px,
            height=self.request.height_px,
        )

    def _from_noise(self) -> Pixels:
        size = self.request.height_px // LATENT_PX, self.request.width_px // LATENT_PX
        generator = torch.Generator("cpu").manual_seed(self.image.seed)
        noise = torch.randn((1, 4, *size), generator=generator)
        variation = self.image.variation
        if variation is not None:
            other = torch.Generator("cpu").manual_seed(variation.seed)
            noise = _turn(noise, torch.randn((1, 4, *size), generator=other), variation.strength)
        return self._call(
            "StableDiffusionPipeline",
            latents=noise,
            generator=generator,
            width=self.request.width_px,
            height=self.request.height_px,
        )

    def _from_picture(self, pixels: Pixels, size_px: tuple[int, int], **task: Any) -> Pixels:
        picture = Image.fromarray(pixels).resize(size_px, Image.Resampling.LANCZOS)
        return self._call("StableDiffusionImg2ImgPipeline", image=picture, **task)

    def _between_pictures(self, start: StartPicture, toward: Pixels) -> Pixels:
        """The pipeline takes latents for a picture, and then draws nothing for them."""
        generator = torch.Generator("cpu").manual_seed(self.image.seed)
        mean, std = _posterior(self.folder, start.pixels)
        other_mean, other_std = _posterior(self.folder, toward)
        drawn = torch.randn(mean.shape, generator=generator)
        return self._call(
            "StableDiffusionImg2ImgPipeline",
            image=_turn(mean + std * drawn, other_mean + other_std * drawn, start.share),
            strength=start.strength,
            generator=generator,
        )

    def _call(self, name: str, **task: Any) -> Pixels:
        stock, config = _stock_pipeline(name, self.folder)
        stock.scheduler = stock_scheduler(self.request, self.image, config)
        asked: dict[str, Any] = {
            "num_inference_steps": self.request.num_inference_steps,
            "guidance_scale": self.request.guidance_scale,
            "generator": torch.Generator("cpu").manual_seed(self.image.seed),
        }
        result = stock(**(asked | task | self._words(stock)))
        return np.asarray(result.images[0])

    @torch.inference_mode()
    def _words(self, stock: Any) -> dict[str, Any]:
        image = self.image
        if image.toward_prompt is None:
            return {"prompt": image.prompt, "negative_prompt": image.negative_prompt}
        start, end, negative = (
            stock.encode_prompt(text, "cpu", 1, do_classifier_free_guidance=False)[0]
            for text in (image.prompt, image.toward_prompt, image.negative_prompt)
        )
        between = (1 - image.share) * start + image.share * end
        return {"prompt_embeds": between, "negative_prompt_embeds": negative}


@torch.inference_mode()
def _posterior(folder: Path, pixels: Pixels) -> tuple[torch.Tensor, torch.Tensor]:
    stock, _ = _stock_pipeline("StableDiffusionImg2ImgPipeline", folder)
    picture = stock.image_processor.preprocess(Image.fromarray(pixels))
    found = stock.vae.encode(picture).latent_dist
    scale = stock.vae.config.scaling_factor
    return scale * found.mean, scale * found.std


def _turn(start: torch.Tensor, end: torch.Tensor, share: float) -> torch.Tensor:
    one, other = start.double().flatten(), end.double().flatten()
    angle = torch.acos(one @ other / (one.norm() * other.norm()))
    weights = torch.sin((1 - share) * angle), torch.sin(share * angle)
    turned = (weights[0] * one + weights[1] * other) / torch.sin(angle)
    return turned.reshape(start.shape).to(start.dtype)


@cache
def _stock_pipeline(name: str, folder: Path) -> tuple[Any, Any]:
    pipeline = getattr(diffusers, name).from_pretrained(folder, dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline, pipeline.scheduler.config
