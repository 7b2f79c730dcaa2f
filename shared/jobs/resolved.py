"""A request with every choice made: what the row keeps and the worker runs."""

from typing import Any

from shared.jobs.request_fields import (
    End,
    Margins,
    Priority,
    ResolvedOutput,
    SecondPass,
    Sigmas,
    StoredPicture,
    Strict,
    Variation,
)
from shared.models.catalog import Task


class ResolvedRequest(Strict):
    """Every task in one shape; what a task does not have is None and left out of the row.

    As JSON it is a request of its task again, so that it can be submitted as it stands.

    Attributes:
        width: Pixels of the picture as the first pass makes it, margins included.
        num_images: Pictures that the job ends with, a contact sheet not counted; an animation is
            one.
        image: The picture to begin with. It is scaled to cover the size (less the margins) and
            cut at its middle; where it is transparent it counts as white.
        mask: Same size as `image`, treated alike; white is painted anew. None for an inpaint:
            where `image` is transparent.
        strength: Set where a picture is begun with, and then only.
        variation: Set where noise is mixed; every picture then has the same `seed`.
        num_frames: With `fps`, `start` and `end`: set for an interpolation, and then only.
    """

    task: Task
    model: str
    prompt: str
    negative_prompt: str
    width: int
    height: int
    num_images: int
    seed: int
    num_inference_steps: int
    guidance_scale: float
    scheduler: str
    output: ResolvedOutput
    sigmas: Sigmas = "default"
    priority: Priority = "normal"
    second_pass: SecondPass | None = None
    image: StoredPicture | None = None
    mask: StoredPicture | None = None
    strength: float | None = None
    margins: Margins | None = None
    variation: Variation | None = None
    num_frames: int | None = None
    fps: int | None = None
    start: End | None = None
    end: End | None = None

    @property
    def num_generated(self) -> int:
        """How many pictures the engine makes: the frames, where the result moves."""
        return self.num_frames or self.num_images

    def seed_of(self, index: int) -> int:
        """Return the seed of picture or frame `index`."""
        return self.seed if self.variation or self.num_frames else self.seed + index

    def variation_of(self, index: int) -> Variation | None:
        """Return the noise that picture `index` goes toward, and how far."""
        if self.variation is None:
            return None
        return self.variation.model_copy(update={"seed": self.variation.seed + index})

    def as_json(self) -> dict[str, Any]:
        """Return the form that the row keeps."""
        return self.model_dump(mode="json", exclude_none=True)
