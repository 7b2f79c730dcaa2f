"""What a tick tells the caller. A generation ends in exactly one of the last three."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class StepDone:
    """A generation came a step further.

    Attributes:
        step: Steps done, over all its images; a fraction is not counted.
        preview: Image 0 as it would come out now, small, (h, w, 3).
    """

    id: str
    step: int
    steps: int
    preview: Pixels | None


@dataclass(frozen=True, slots=True)
class Finished:
    """All images are made.

    Attributes:
        images: In the order of the request's seeds, each (H, W, 3).
        warnings: What was done otherwise than asked: `slug: detail`.
    """

    id: str
    images: list[Pixels]
    warnings: tuple[str, ...]
    steps_done: int


@dataclass(frozen=True, slots=True)
class Failed:
    """The generation ended without images.

    Attributes:
        code: `generation-error` or `non-finite-latents`.
        is_retryable: The same request might succeed at another time or place.
    """

    id: str
    code: str
    message: str
    is_retryable: bool
    steps_done: int


@dataclass(frozen=True, slots=True)
class Canceled:
    """The generation was canceled; its images are gone."""

    id: str
    steps_done: int


EngineEvent = StepDone | Finished | Failed | Canceled
