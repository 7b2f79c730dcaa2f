"""An image is a sequence of passes: each goes from noise to a picture, the next begins from it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from worker.engine.composite import composite
from worker.engine.request import (
    GenerationRequest,
    ImageRequest,
    Mask,
    Picture,
    SecondPass,
    StartPicture,
)
from worker.engine.resize import resize_mask, resize_picture


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """One way from noise to a picture.

    Attributes:
        start: The picture to begin from, of the pass's own size; None begins from noise.
    """

    width_px: int
    height_px: int
    num_inference_steps: int
    start: StartPicture | None

    def finish(self, painted: Picture) -> Picture:
        """Put back to the byte what a mask kept; `painted` is (H, W, 3)."""
        if self.start is None or self.start.mask is None:
            return painted
        return composite(painted, self.start.pixels, self.start.mask)


def first_pass(request: GenerationRequest, image: ImageRequest) -> Pass:
    """Return the pass that makes an image's first picture.

    Raises:
        ValueError: It begins from something that is no picture, mask or strength.
    """
    return Pass(
        width_px=request.width_px,
        height_px=request.height_px,
        num_inference_steps=request.num_inference_steps,
        start=image.start and _fit(image.start, request.width_px, request.height_px),
    )


def following_pass(second: SecondPass, picture: Picture) -> Pass:
    """Return the pass that enlarges a picture (H, W, 3) and denoises it once more."""
    start = StartPicture(pixels=picture, strength=second.strength)
    return Pass(
        width_px=second.width_px,
        height_px=second.height_px,
        num_inference_steps=second.num_inference_steps,
        start=_fit(start, second.width_px, second.height_px),
    )


def _fit(start: StartPicture, width_px: int, height_px: int) -> StartPicture:
    """Check what an image begins from, and scale it to the size of its pass.

    Raises:
        ValueError: It is no picture, mask or strength.
    """
    if not 0 < start.strength <= 1:
        raise ValueError(f"strength is over 0 and at most 1, not {start.strength}")
    _check_pixels("picture", start.pixels)
    if start.toward is not None:
        _check_pixels("second picture", start.toward)
    if start.mask is not None:
        _check_mask(start.mask, start.pixels)
    if start.mask is not None and start.toward is not None:
        raise ValueError("a mask keeps one picture, so it cannot lean towards another")
    return StartPicture(
        pixels=resize_picture(start.pixels, width_px, height_px),
        strength=start.strength,
        mask=None if start.mask is None else resize_mask(start.mask, width_px, height_px),
        toward=None if start.toward is None else resize_picture(start.toward, width_px, height_px),
        share=start.share,
    )


def _check_pixels(name: str, pixels: Picture) -> None:
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or not pixels.size:  # noqa: PLR2004
        raise ValueError(f"the {name} is not (H, W, 3) of bytes, but {_describe(pixels)}")


def _check_mask(mask: Mask, pixels: Picture) -> None:
    if mask.dtype != np.uint8 or mask.shape != pixels.shape[:2]:
        size = "x".join(map(str, pixels.shape[:2]))
        raise ValueError(f"the mask is not {size} bytes like its picture, but {_describe(mask)}")


def _describe(values: npt.NDArray[np.uint8]) -> str:
    return f"{values.shape} of {values.dtype}"
