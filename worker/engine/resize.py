"""Pictures at another size."""

import numpy as np
import numpy.typing as npt
from PIL import Image


def resize_picture(
    pixels: npt.NDArray[np.uint8], width_px: int, height_px: int
) -> npt.NDArray[np.uint8]:
    """Scale a picture (H, W, 3) by Lanczos; one of that size comes back as it is."""
    return _resize(pixels, width_px, height_px, Image.Resampling.LANCZOS)


def resize_mask(
    mask: npt.NDArray[np.uint8], width_px: int, height_px: int
) -> npt.NDArray[np.uint8]:
    """Scale a mask (H, W) to its nearest values, so that its edge stays an edge."""
    return _resize(mask, width_px, height_px, Image.Resampling.NEAREST)


def _resize(
    pixels: npt.NDArray[np.uint8], width_px: int, height_px: int, how: Image.Resampling
) -> npt.NDArray[np.uint8]:
    if pixels.shape[:2] == (height_px, width_px):
        return pixels
    return np.asarray(Image.fromarray(pixels).resize((width_px, height_px), how))
