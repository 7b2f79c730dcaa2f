"""One pass of an image, from noise to picture."""

import torch

from worker.engine.conditioning import Conditioning
from worker.engine.latents import clean_flow_latents, clean_latents
from worker.engine.scheduler_names import predicts_flow
from worker.engine.schedulers import Scheduler, draw_from
from worker.engine.start import Start


class Trajectory:
    """The latents of one image and the scheduler that moves them, a timestep at a time.

    Attributes:
        latents: (1, C, H/8, W/8), at the noise level of the timestep to come.
        noise_pred: The last prediction, guided, (1, C, H/8, W/8).
        num_steps: Of those asked for. Some schedulers take more than one timestep for a step.
    """

    def __init__(self, start: Start, scheduler: Scheduler, conditioning: Conditioning) -> None:
        self.scheduler = scheduler
        self.conditioning = conditioning
        self.latents = start.latents
        self.noise_pred = torch.empty(0)
        self.num_steps = start.num_steps
        self._first = self._index = start.first_timestep
        self._kept = start.kept
        self._mask_channels = start.mask_channels
        self._draws = draw_from(scheduler, start.generator)

    @property
    def timestep(self) -> torch.Tensor:
        """The timestep to come, (). It stays on the CPU, where schedulers look it up."""
        return self.scheduler.timesteps[self._index]

    @property
    def step(self) -> int:
        """Steps done, of those asked for."""
        num_timesteps = len(self.scheduler.timesteps) - self._first
        return (self._index - self._first) * self.num_steps // num_timesteps

    @property
    def is_done(self) -> bool:
        """Whether the latents are clean."""
        return self._index == len(self.scheduler.timesteps)

    def model_input(self) -> torch.Tensor:
        """Return what the denoiser is shown, (1, C, H/8, W/8) with any mask channels behind."""
        latents = self._scaled_latents()
        if self._mask_channels is None:
            return latents
        return torch.cat([latents, self._mask_channels], dim=1)

    def predict_clean_latents(self) -> torch.Tensor:
        """Return the latents this image would have without noise, (1, C, H/8, W/8)."""
        config = self.scheduler.config
        if predicts_flow(config):
            sigma = float(self.timestep) / config.num_train_timesteps
            return clean_flow_latents(self.latents, self.noise_pred, sigma)
        nearest = int(self.timestep.round().clamp(0, config.num_train_timesteps - 1))
        return clean_latents(
            self._scaled_latents(),
            self.noise_pred,
            float(self.scheduler.alphas_cumprod[nearest]),
            config.prediction_type,
        )

    def advance(self) -> None:
        """Go one timestep further along `noise_pred`."""
        self.latents = self.scheduler.step(
            self.noise_pred, self.timestep, self.latents, **self._draws, return_dict=False
        )[0]
        self._index += 1
        if self._kept:
            timestep = None if self.is_done else self.timestep
            self.latents = self._kept.blend(self.latents, self.scheduler, timestep)

    def _scaled_latents(self) -> torch.Tensor:
        return self.scheduler.scale_model_input(self.latents, self.timestep)
