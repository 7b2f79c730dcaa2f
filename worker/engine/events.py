"""What a tick tells the caller. A generation ends in exactly one of the last three."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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
class MadeWith:
    """What else decides how an image comes out, beside the request and the weights.

    Attributes:
        scheduler: Class in diffusers.
        scheduler_config: As it was built, JSON.
    """

    scheduler: str
    scheduler_config: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Finished:
    """All images are made.

    Attributes:
        images: In the order of the request's, each (H, W, 3).
        warnings: What was done otherwise than asked: `slug: detail`.
    """

    id: str
    images: list[Pixels]
    warnings: tuple[str, ...]
    steps_done: int
    made_with: MadeWith


@dataclass(frozen=True, slots=True)
class Failed:
    """The generation ended without images.

    Attributes:
        code: `generation-error`, `non-finite-latents`, `out-of-memory` or `unsupported`.
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
