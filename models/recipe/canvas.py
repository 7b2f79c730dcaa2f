"""A square picture being painted with antialiased signed distances."""

import numpy as np
from numpy.typing import NDArray

from models.recipe.scenes import RGB, Thing
from models.recipe.shapes import SHAPES, Floats

Picture = NDArray[np.uint8]


class Canvas:
    """A picture being painted. Coordinates run from 0 to 1, x to the right, y down."""

    def __init__(self, size_px: int, rgb: RGB) -> None:
        self.size_px = size_px
        self.pixels: Floats = np.empty((size_px, size_px, 3), np.float32)
        self.pixels[:] = rgb
        axis = (np.arange(size_px, dtype=np.float32) + np.float32(0.5)) / np.float32(size_px)
        self.x: Floats
        self.y: Floats
        self.x, self.y = np.meshgrid(axis, axis)

    def paint(self, rgb: RGB, distance: Floats) -> None:
        """Cover what lies inside.

        Args:
            rgb: Levels of 255.
            distance: Signed distance in shares of the side, (H, W).
        """
        cover = np.clip(np.float32(0.5) - distance * np.float32(self.size_px), 0, 1)[..., None]
        self.pixels += cover * (np.array(rgb, np.float32) - self.pixels)

    def shade(self, top: RGB, bottom: RGB) -> None:
        """Fill with a vertical gradient."""
        above, below = np.array(top, np.float32), np.array(bottom, np.float32)
        self.pixels[:] = above + self.y[..., None] * (below - above)

    def paint_thing(self, thing: Thing) -> None:
        """Paint one thing, touching only the pixels around it."""
        reach = thing.radius + 2 / self.size_px
        left, top = (max(0, int((c - reach) * self.size_px)) for c in (thing.x, thing.y))
        right, bottom = (int((c + reach) * self.size_px) + 2 for c in (thing.x, thing.y))
        window = np.s_[top:bottom, left:right]
        radius = np.float32(thing.radius)
        across = (self.x[window] - np.float32(thing.x)) / radius
        down = (self.y[window] - np.float32(thing.y)) / radius
        distance = SHAPES[thing.shape](across, down) * radius
        cover = np.clip(np.float32(0.5) - distance * np.float32(self.size_px), 0, 1)[..., None]
        part = self.pixels[window]
        part += cover * (np.array(thing.rgb, np.float32) - part)

    def picture(self) -> Picture:
        """Give the levels of 255 painted so far, (H, W, 3)."""
        return np.clip(np.rint(self.pixels), 0, 255).astype(np.uint8)
