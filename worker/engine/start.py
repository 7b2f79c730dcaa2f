"""Where a pass begins: noise, or a picture with noise on it, and what a mask keeps of it.

Each task draws in the order of diffusers' own pipeline, so that an image equals what that pipeline
makes of its seed alone; what a scheduler draws at its steps comes after all of these.

Source: StableDiffusionImg2ImgPipeline and StableDiffusionInpaintPipeline of diffusers.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch

from worker.engine.composite import is_painted
from worker.engine.enter_schedule import add_noise, enter_schedule, find_first_step
from worker.engine.inpaint import Kept, shrink_mask
from worker.engine.latents import draw_noise
from worker.engine.model import LoadedModel
from worker.engine.noise import ImageNoise
from worker.engine.passes import Pass
from worker.engine.request import Mask, StartPicture
from worker.engine.schedulers import Scheduler
from worker.engine.slerp import slerp

NO_COLOUR = 127.5  # 0 on the scale from -1 to 1: what a masked picture shows under its mask


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """The beginning of a trajectory.

    Attributes:
        latents: At the noise level of the first timestep, (1, C, H/8, W/8).
        first_timestep: Its index in the schedule.
        num_steps: Steps from there on, of those asked for.
        generator: The image's own; whatever is random later goes on drawing from it.
        kept: What the image takes back from its picture after each step.
        mask_channels: What the denoiser is shown behind the latents, (1, C', H/8, W/8).
    """

    latents: torch.Tensor
    first_timestep: int = 0
    num_steps: int
    generator: torch.Generator
    kept: Kept | None = None
    mask_channels: torch.Tensor | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Starter:
    """What a pass needs to begin.

    Attributes:
        scheduler: The pass's own, with the whole schedule laid out.
        noise: The image's, from which this pass alone draws.
    """

    model: LoadedModel
    scheduler: Scheduler
    noise: ImageNoise
    device: torch.device
    dtype: torch.dtype

    def start(self, one: Pass) -> Start:
        """Begin a pass.

        Raises:
            ValueError: The model cannot begin so, or `strength` leaves no step.
        """
        picture = one.start
        if self.model.is_inpainter and (picture is None or picture.mask is None):
            raise ValueError("this model only repaints what a mask marks in a picture")
        if picture is None:
            return self._from_noise(one)
        if picture.mask is None:
            return self._from_picture(one, picture)
        if self.model.is_inpainter:
            return self._repaint_natively(one, picture, picture.mask)
        return self._repaint_by_blending(one, picture, picture.mask)

    def _from_noise(self, one: Pass) -> Start:
        return Start(
            latents=self._draw_noise(one) * self.scheduler.init_noise_sigma,
            num_steps=one.num_inference_steps,
            generator=self.noise.generator,
        )

    def _from_picture(self, one: Pass, picture: StartPicture) -> Start:
        latents = self._encode(picture)
        return self._begin(one, picture.strength, latents, self._draw_noise(one))

    def _repaint_by_blending(self, one: Pass, picture: StartPicture, mask: Mask) -> Start:
        latents = self._encode(picture)
        noise = self._draw_noise(one)
        self._draw_noise(one)  # diffusers draws the masked picture's latents too, for no use
        begun = latents if picture.strength < 1 else None
        start = self._begin(one, picture.strength, begun, noise)
        small_mask = shrink_mask(is_painted(mask), latents)
        return replace(start, kept=Kept(mask=small_mask, latents=latents, noise=noise))

    def _repaint_natively(self, one: Pass, picture: StartPicture, mask: Mask) -> Start:
        latents = self._encode(picture) if picture.strength < 1 else None
        noise = self._draw_noise(one)
        shown = np.where(is_painted(mask)[..., None], np.float32(NO_COLOUR), picture.pixels)
        masked = self._encode(replace(picture, pixels=shown))
        start = self._begin(one, picture.strength, latents, noise)
        channels = torch.cat([shrink_mask(is_painted(mask), masked), masked], dim=1)
        return replace(start, mask_channels=channels)

    def _begin(
        self, one: Pass, strength: float, latents: torch.Tensor | None, noise: torch.Tensor
    ) -> Start:
        """Enter the schedule with clean latents under noise, or with noise alone."""
        first_step = find_first_step(self.scheduler, one.num_inference_steps, strength)
        first_timestep = enter_schedule(self.scheduler, first_step)
        if latents is None:
            noisy = noise * self.scheduler.init_noise_sigma
        else:
            timestep = self.scheduler.timesteps[first_timestep]
            noisy = add_noise(self.scheduler, latents, noise, timestep)
        return Start(
            latents=noisy,
            first_timestep=first_timestep,
            num_steps=one.num_inference_steps - first_step,
            generator=self.noise.generator,
        )

    def _draw_noise(self, one: Pass) -> torch.Tensor:
        shape = self.model.latent_shape(one.width_px, one.height_px)
        noise = self.noise.draw(lambda generator: draw_noise(generator, shape, self.dtype))
        return noise.to(self.device)

    def _encode(self, picture: StartPicture) -> torch.Tensor:
        return self.noise.draw(lambda generator: self._encode_between(picture, generator))

    def _encode_between(self, picture: StartPicture, generator: torch.Generator) -> torch.Tensor:
        """Draw latents on the arc between two pictures; either end alone draws the same noise."""
        if picture.toward is None:
            return self.model.encode_picture(picture.pixels, generator)
        again = generator.clone_state()
        start = self.model.encode_picture(picture.pixels, generator)
        return slerp(start, self.model.encode_picture(picture.toward, again), picture.share)
