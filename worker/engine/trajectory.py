"""One image on its way from noise to picture."""

import torch

from worker.engine.conditioning import Conditioning
from worker.engine.latents import clean_latents
from worker.engine.schedulers import Scheduler


class Trajectory:
    """The latents of one image and the scheduler that moves them, a timestep at a time.

    Attributes:
        latents: (1, C, H/8, W/8), at the noise level of the step to come.
        noise_pred: The last prediction, guided, (1, C, H/8, W/8).
        step: Steps done.
    """

    def __init__(
        self,
        noise: torch.Tensor,
        scheduler: Scheduler,
        conditioning: Conditioning,
        guidance_scale: float,
    ) -> None:
        self.scheduler = scheduler
        self.conditioning = conditioning
        self.guidance_scale = guidance_scale
        self.latents = noise * scheduler.init_noise_sigma
        self.noise_pred = torch.empty(0)
        self.step = 0

    @property
    def timestep(self) -> torch.Tensor:
        """The timestep to come, (). It stays on the CPU, where schedulers look it up."""
        return self.scheduler.timesteps[self.step]

    @property
    def num_steps(self) -> int:
        """Steps from noise to picture."""
        return len(self.scheduler.timesteps)

    @property
    def is_done(self) -> bool:
        """Whether the latents are clean."""
        return self.step == self.num_steps

    def model_input(self) -> torch.Tensor:
        """Return the latents as the denoiser expects them, (1, C, H/8, W/8)."""
        return self.scheduler.scale_model_input(self.latents, self.timestep)

    def predict_clean_latents(self) -> torch.Tensor:
        """Return the latents this image would have without noise, (1, C, H/8, W/8)."""
        config = self.scheduler.config
        nearest = int(self.timestep.round().clamp(0, config.num_train_timesteps - 1))
        return clean_latents(
            self.model_input(),
            self.noise_pred,
            float(self.scheduler.alphas_cumprod[nearest]),
            config.prediction_type,
        )

    def advance(self) -> None:
        """Take one step along `noise_pred`."""
        self.latents = self.scheduler.step(
            self.noise_pred, self.timestep, self.latents, return_dict=False
        )[0]
        self.step += 1
