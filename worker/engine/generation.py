"""One request while it runs."""

from dataclasses import dataclass

import torch

from worker.engine.batcher import BatchKey, Member
from worker.engine.events import Pixels
from worker.engine.guidance import is_guided
from worker.engine.latents import seeded_noise
from worker.engine.model import LoadedModel
from worker.engine.request import GenerationRequest
from worker.engine.trajectory import Trajectory

MAX_DECODE_BATCH = 4  # pictures cost far more memory than their latents


class Generation:
    """A request, its model, and for each seed one trajectory and at last one picture."""

    def __init__(
        self,
        request: GenerationRequest,
        model: LoadedModel,
        trajectories: list[Trajectory],
        warnings: tuple[str, ...],
    ) -> None:
        self.request = request
        self.model = model
        self.trajectories = trajectories
        self.warnings = warnings
        self.pictures: dict[int, Pixels] = {}
        self._preview: Pixels | None = None

    @property
    def members(self) -> list[Member]:
        """Its images as the batcher sees them."""
        request = self.request
        key = BatchKey(
            model=request.model,
            latent_shape=tuple(self.trajectories[0].latents.shape[1:]),
            alone=request.id if request.is_alone else None,
        )
        return [
            Member(request.id, index, key, trajectory.conditioning.num_rows)
            for index, trajectory in enumerate(self.trajectories)
        ]

    @property
    def steps(self) -> int:
        """Steps from noise to pictures."""
        return self.trajectories[0].num_steps

    @property
    def step(self) -> int:
        """Steps done, over all images; a fraction is not counted."""
        return sum(trajectory.step for trajectory in self.trajectories) // len(self.trajectories)

    @property
    def is_done(self) -> bool:
        """Whether every picture is made."""
        return len(self.pictures) == len(self.trajectories)

    def is_clean(self, index: int) -> bool:
        """Whether an image's latents have no noise left."""
        return self.trajectories[index].is_done

    def take_preview(self) -> Pixels | None:
        """Return a new preview once."""
        preview, self._preview = self._preview, None
        return preview

    def advance(self, index: int) -> None:
        """Take one image a step further along its prediction, with a preview when one is due."""
        trajectory = self.trajectories[index]
        next_step, every = trajectory.step + 1, self.request.preview_every
        is_last = next_step == trajectory.num_steps  # the picture itself follows
        if index == 0 and every and next_step % every == 0 and not is_last:
            self._preview = self.model.preview(trajectory.predict_clean_latents())
        trajectory.advance()

    def decode(self, indices: list[int]) -> None:
        """Make the pictures of images whose latents are clean, a few at a time."""
        for first in range(0, len(indices), MAX_DECODE_BATCH):
            some = indices[first : first + MAX_DECODE_BATCH]
            latents = torch.cat([self.trajectories[index].latents for index in some])
            self.pictures.update(zip(some, self.model.decode(latents), strict=True))


@dataclass(frozen=True, slots=True)
class Share:
    """The images of one generation that take part in this tick."""

    generation: Generation
    indices: list[int]

    @property
    def trajectories(self) -> list[Trajectory]:
        """Of those images."""
        return [self.generation.trajectories[index] for index in self.indices]


def start_generation(
    request: GenerationRequest, model: LoadedModel, device: torch.device, dtype: torch.dtype
) -> Generation:
    """Encode the prompts, draw the noise and lay out the timesteps of every image."""
    conditioning = model.encode_prompt(
        request.prompt, request.negative_prompt, is_guided=is_guided(request.guidance_scale)
    )
    shape = model.latent_shape(request.width_px, request.height_px)
    trajectories = [
        Trajectory(
            noise=seeded_noise(seed, shape, dtype).to(device),
            scheduler=model.make_scheduler(request.scheduler, request.num_inference_steps),
            conditioning=conditioning,
            guidance_scale=request.guidance_scale,
        )
        for seed in request.seeds
    ]
    return Generation(request, model, trajectories, conditioning.warnings)
