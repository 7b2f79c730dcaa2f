"""From a pass that is asked for to a trajectory that can be stepped."""

from dataclasses import dataclass

import torch

from worker.engine.conditioning import Conditioning, EncodedText
from worker.engine.model import LoadedModel, Schedule
from worker.engine.noise import ImageNoise
from worker.engine.passes import Pass
from worker.engine.request import GenerationRequest, ImageRequest
from worker.engine.start import Starter
from worker.engine.trajectory import Trajectory


@dataclass(frozen=True, slots=True, kw_only=True)
class PassBeginner:
    """What all passes of an image have in common."""

    request: GenerationRequest
    image: ImageRequest
    prompt: EncodedText
    negative_prompt: EncodedText
    model: LoadedModel
    device: torch.device
    dtype: torch.dtype

    def begin_pass(self, one: Pass) -> Trajectory:
        """Lay out the timesteps of a pass and draw what it begins with.

        Each pass draws from the image's seed anew, so that a second pass equals image-to-image of
        the first one's picture with that seed.
        """
        scheduler = self.model.make_scheduler(
            Schedule(
                name=self.request.scheduler,
                sigmas=self.request.sigmas,
                num_inference_steps=one.num_inference_steps,
                width_px=one.width_px,
                height_px=one.height_px,
            )
        )
        starter = Starter(
            model=self.model,
            scheduler=scheduler,
            noise=ImageNoise(self.image.seed, self.image.variation),
            device=self.device,
            dtype=self.dtype,
        )
        return Trajectory(starter.start(one), scheduler, self._condition(one))

    def _condition(self, one: Pass) -> Conditioning:
        size_px = one.width_px, one.height_px
        guidance_scale = self.request.guidance_scale
        return self.model.condition(self.prompt, self.negative_prompt, guidance_scale, size_px)
