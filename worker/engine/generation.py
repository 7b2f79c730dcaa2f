"""One request while it runs."""

from dataclasses import dataclass

import torch

from worker.engine.batcher import BatchKey, Member
from worker.engine.conditioning import list_cuts
from worker.engine.events import MadeWith, Pixels
from worker.engine.model import LoadedModel, Schedule
from worker.engine.request import GenerationRequest
from worker.engine.start import start_from_noise
from worker.engine.trajectory import Trajectory

MAX_DECODE_BATCH = 4  # pictures cost far more memory than their latents


class Generation:
    """A request, its model, and for each image one trajectory and at last one picture."""

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
        return [self._as_member(index) for index in range(len(self.trajectories))]

    @property
    def made_with(self) -> MadeWith:
        """What a receipt says of the schedule."""
        scheduler = self.trajectories[0].scheduler
        return MadeWith(type(scheduler).__name__, dict(scheduler.config))

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

    def _as_member(self, index: int) -> Member:
        request, trajectory = self.request, self.trajectories[index]
        key = BatchKey(
            model=request.model,
            shape=(tuple(trajectory.latents.shape[1:]), *trajectory.conditioning.shape),
            alone=request.id if request.is_alone else None,
        )
        num_rows = trajectory.conditioning.num_rows
        return Member(request.id, index, key, num_rows, request.tenant, request.priority)

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
        step, every = trajectory.step, self.request.preview_every
        clean = trajectory.predict_clean_latents() if index == 0 and every else None
        trajectory.advance()
        is_new = trajectory.step > step and not trajectory.is_done  # the picture itself follows
        if clean is not None and is_new and trajectory.step % every == 0:
            self._preview = self.model.preview(clean)

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
    texts = {text for image in request.images for text in (image.prompt, image.negative_prompt)}
    encoded = {text: model.encode_text(text) for text in texts}
    size_px = request.width_px, request.height_px
    shape = model.latent_shape(*size_px)
    schedule = Schedule(
        name=request.scheduler,
        sigmas=request.sigmas,
        num_inference_steps=request.num_inference_steps,
        width_px=request.width_px,
        height_px=request.height_px,
    )
    trajectories, warnings = [], dict[str, None]()
    for image in request.images:
        prompt, negative_prompt = encoded[image.prompt], encoded[image.negative_prompt]
        conditioning = model.condition(prompt, negative_prompt, request.guidance_scale, size_px)
        warnings |= dict.fromkeys(list_cuts(prompt, negative_prompt, conditioning))
        start = start_from_noise(image, shape, device, dtype)
        scheduler = model.make_scheduler(schedule)
        trajectories.append(Trajectory(start, scheduler, conditioning, request.num_inference_steps))
    return Generation(request, model, trajectories, tuple(warnings))
