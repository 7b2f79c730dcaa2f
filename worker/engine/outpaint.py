"""A picture on a larger canvas, and the mask of what is to be painted around it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

PAINTED = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Margins:
    """What a picture gains on each side."""

    left_px: int
    right_px: int
    top_px: int
    bottom_px: int


def extend_canvas(
    pixels: npt.NDArray[np.uint8], margins: Margins
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Lay a picture on a larger canvas, its edges drawn out as a first guess of the rest.

    Args:
        pixels: (H, W, 3).
        margins: The caller chooses them so that the canvas has a size the model paints.

    Returns:
        The canvas (H', W', 3), and the mask (H', W') of its margins.

    Raises:
        ValueError: A margin is negative, or all are 0.
    """
    rows = (margins.top_px, margins.bottom_px)
    columns = (margins.left_px, margins.right_px)
    if min(*rows, *columns) < 0 or not any((*rows, *columns)):
        raise ValueError(f"margins are 0 or more, and one of them is more: {margins}")
    canvas = np.pad(pixels, (rows, columns, (0, 0)), mode="edge")
    kept = np.zeros(pixels.shape[:2], np.uint8)
    return canvas, np.pad(kept, (rows, columns), constant_values=PAINTED)
