"""What the engine is asked for."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.uint8]


class Priority(IntEnum):
    """Who goes first among the generations of one tenant; other tenants are not touched by it."""

    HIGH = 0
    NORMAL = 1
    LOW = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Variation:
    """A second noise to lean towards.

    Attributes:
        strength: Share of the way, 0 to 1, along the arc between both noises.
    """

    seed: int
    strength: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StartPicture:
    """A picture to begin from instead of noise.

    Attributes:
        pixels: (H, W, 3).
        strength: Share of the schedule that is run, over 0 to 1.
        mask: (H, W); 255 is repainted, 0 is kept to the byte. None repaints all.
        toward: (H, W, 3), a second picture to lean towards.
        share: Share of the way to `toward`, 0 to 1, along the arc between their latents.
    """

    pixels: Picture
    strength: float
    mask: Mask | None = None
    toward: Picture | None = None
    share: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondPass:
    """The finished picture, enlarged and denoised once more.

    Attributes:
        strength: Share of the second schedule that is run, over 0 to 1.
    """

    width_px: int
    height_px: int
    strength: float
    num_inference_steps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRequest:
    """One image; it depends on what stands here and never on its batch.

    Attributes:
        toward_prompt: A second prompt to lean towards.
        share: Share of the way to `toward_prompt`, 0 to 1.
    """

    seed: int
    prompt: str
    negative_prompt: str
    toward_prompt: str | None = None
    share: float = 0.0
    variation: Variation | None = None
    start: StartPicture | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationRequest:
    """Images that are wanted together.

    Attributes:
        id: Opaque to the engine; every event names it.
        tenant: Opaque; generations of one tenant share its turns.
        model: A model that `Engine.load` has loaded.
        sigmas: Spacing of the noise levels: `default`, or one that the scheduler offers.
        is_alone: Shares no forward pass with another generation.
        preview_every: Steps between two previews of image 0; 0 asks for none.
    """

    id: str
    tenant: str
    priority: Priority
    model: str
    width_px: int
    height_px: int
    num_inference_steps: int
    guidance_scale: float
    scheduler: str
    sigmas: str
    images: tuple[ImageRequest, ...]
    second_pass: SecondPass | None
    is_alone: bool
    preview_every: int
