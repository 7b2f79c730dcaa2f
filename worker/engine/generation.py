"""One request while it runs."""

from dataclasses import dataclass
from functools import cache, partial

import numpy as np
import torch

from worker.engine.begin_pass import PassBeginner
from worker.engine.conditioning import lean, list_cuts
from worker.engine.events import MadeWith, Pixels
from worker.engine.halve import run_in_halves
from worker.engine.member import BatchKey, Member
from worker.engine.model import LoadedModel
from worker.engine.passes import first_pass
from worker.engine.prompt_cache import PromptCache
from worker.engine.request import GenerationRequest
from worker.engine.running_image import RunningImage
from worker.engine.trajectory import Trajectory

MAX_DECODE_BATCH = 4  # pictures cost far more memory than their latents
HISTORY = 4  # latents that a scheduler remembers at most


class Generation:
    """A request, its model, and its images on their way."""

    def __init__(
        self,
        request: GenerationRequest,
        model: LoadedModel,
        images: list[RunningImage],
        warnings: tuple[str, ...],
    ) -> None:
        self.request = request
        self.model = model
        self.images = images
        self.warnings = warnings
        self._preview: Pixels | None = None

    @property
    def members(self) -> list[Member]:
        """Its images as the batcher sees them."""
        return [self._as_member(index) for index in range(len(self.images))]

    @property
    def unfinished(self) -> list[Member]:
        """Those of its images whose picture is not made yet."""
        return [
            self._as_member(index)
            for index, image in enumerate(self.images)
            if image.picture is None
        ]

    @property
    def bytes_to_come(self) -> int:
        """Memory that it takes as it runs, beside that of a pass: what schedulers remember."""
        return sum(HISTORY * image.trajectory.latents.nbytes for image in self.images)

    @property
    def made_with(self) -> MadeWith:
        """What a receipt says of the schedule."""
        scheduler = self.images[0].trajectory.scheduler
        return MadeWith(type(scheduler).__name__, dict(scheduler.config))

    @property
    def steps(self) -> int:
        """Steps from noise to pictures, of all passes."""
        return sum(image.num_steps for image in self.images) // len(self.images)

    @property
    def step(self) -> int:
        """Steps done, over all images; a fraction is not counted."""
        return sum(image.step for image in self.images) // len(self.images)

    @property
    def pictures(self) -> list[Pixels]:
        """Those that are made."""
        return [image.picture for image in self.images if image.picture is not None]

    @property
    def is_done(self) -> bool:
        """Whether every picture is made."""
        return len(self.pictures) == len(self.images)

    def _as_member(self, index: int) -> Member:
        request, trajectory = self.request, self.images[index].trajectory
        key = BatchKey(
            model=request.model,
            shape=(tuple(trajectory.latents.shape[1:]), *trajectory.conditioning.shape),
            alone=request.id if request.is_alone else None,
        )
        num_rows = trajectory.conditioning.num_rows
        return Member(request.id, index, key, num_rows, request.tenant, request.priority)

    def is_denoised(self, index: int) -> bool:
        """Whether an image's latents have no noise left."""
        return self.images[index].is_denoised

    def take_preview(self) -> Pixels | None:
        """Return a new preview once."""
        preview, self._preview = self._preview, None
        return preview

    def advance(self, index: int) -> None:
        """Take one image a step further along its prediction, with a preview when one is due."""
        trajectory = self.images[index].trajectory
        step, every = trajectory.step, self.request.preview_every
        is_due = index == 0 and every and (step + 1) % every == 0
        clean = trajectory.predict_clean_latents() if is_due else None
        trajectory.advance()
        is_new = trajectory.step > step and not trajectory.is_done  # the picture itself follows
        if clean is not None and is_new:
            self._preview = self.model.preview(clean)

    def decode(self, indices: list[int]) -> list[Member]:
        """Make pictures of denoised latents, a few at a time, and begin the passes that follow.

        Returns:
            The images that go on, as the batcher sees them now.
        """
        for first in range(0, len(indices), MAX_DECODE_BATCH):
            some = [self.images[index] for index in indices[first : first + MAX_DECODE_BATCH]]
            latents = torch.cat([image.trajectory.latents for image in some])
            parts = run_in_halves(partial(self._paint, latents), len(some), lambda _count: None)
            for image, painted in zip(some, np.concatenate(parts), strict=True):
                image.take(painted)
        return [self._as_member(index) for index in indices if self.images[index].picture is None]

    def _paint(self, latents: torch.Tensor, part: slice) -> Pixels:
        return self.model.decode(latents[part])


@dataclass(frozen=True, slots=True)
class Share:
    """The images of one generation that take part in this tick."""

    generation: Generation
    indices: list[int]

    @property
    def key(self) -> BatchKey:
        """What all of this tick have in common."""
        return self.generation.members[self.indices[0]].key

    @property
    def trajectories(self) -> list[Trajectory]:
        """Of those images."""
        return [self.generation.images[index].trajectory for index in self.indices]


def start_generation(
    request: GenerationRequest,
    model: LoadedModel,
    prompts: PromptCache,
    device: torch.device,
    dtype: torch.dtype,
) -> Generation:
    """Encode the prompts, and begin the first pass of every image."""
    encode = cache(partial(prompts.encode, request.model, model))
    images, warnings = [], dict[str, None]()
    for asked in request.images:
        prompt, negative_prompt = encode(asked.prompt), encode(asked.negative_prompt)
        if asked.toward_prompt is not None:
            prompt = lean(prompt, encode(asked.toward_prompt), asked.share)
        beginner = PassBeginner(
            request=request,
            image=asked,
            prompt=prompt,
            negative_prompt=negative_prompt,
            model=model,
            device=device,
            dtype=dtype,
        )
        further = [request.second_pass] if request.second_pass else []
        image = RunningImage(first_pass(request, asked), further, beginner.begin_pass)
        images.append(image)
        cuts = list_cuts(prompt, negative_prompt, image.trajectory.conditioning)
        warnings |= dict.fromkeys(cuts)
    return Generation(request, model, images, tuple(warnings))
