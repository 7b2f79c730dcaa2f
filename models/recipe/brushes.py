"""Colours and simple strokes that the landscapes share."""

import numpy as np

from models.recipe.canvas import Canvas
from models.recipe.scenes import PALETTE, RGB, Scene
from models.recipe.shapes import box, disc

SKY_TOP: RGB = (110, 185, 245)
SKY_LOW: RGB = (215, 238, 252)
NIGHT_TOP: RGB = (12, 16, 48)
NIGHT_LOW: RGB = (48, 58, 120)
SUN: RGB = (255, 214, 60)
GRASS: RGB = (96, 178, 80)
FAR_GRASS: RGB = (140, 200, 110)
WOOD: RGB = (120, 78, 48)
LEAVES: RGB = (46, 140, 67)
SEA: RGB = (36, 110, 190)
CLOUD: RGB = (250, 250, 252)
INK: RGB = (40, 36, 40)
MOON: RGB = (245, 240, 210)
GLASS: RGB = (190, 228, 248)
ROCK: RGB = (112, 118, 138)
FAR_ROCK: RGB = (150, 160, 184)
ROOF: RGB = (150, 60, 50)
RAINBOW: tuple[RGB, ...] = tuple(
    PALETTE[name] for name in ("red", "orange", "yellow", "green", "blue", "purple")
)


def spread(detail: float, low: float, high: float) -> float:
    """Map a detail from 0 to 1 onto a range."""
    return low + (high - low) * detail


def ground(canvas: Canvas, level: float, rgb: RGB = GRASS) -> None:
    """Fill everything below a level."""
    canvas.paint(rgb, np.float32(level) - canvas.y)


def hill(canvas: Canvas, level: float, height: float, phase: float, rgb: RGB) -> None:
    """Fill everything below a wave."""
    wave = np.sin(canvas.x * np.float32(5.0) + np.float32(phase)) * np.float32(height)
    canvas.paint(rgb, np.float32(level) + wave - canvas.y)


def cloud(canvas: Canvas, x: float, y: float, scale: float) -> None:
    """Paint three overlapping discs."""
    for dx, dy, radius in ((-1.0, 0.2, 0.7), (0.0, -0.1, 1.0), (1.0, 0.2, 0.75)):
        center_x, center_y = np.float32(x + dx * scale), np.float32(y + dy * scale)
        canvas.paint(CLOUD, disc(canvas.x - center_x, canvas.y - center_y, radius * scale))


def spot(canvas: Canvas, x: float, y: float, radius: float, rgb: RGB) -> None:
    """Paint a disc."""
    canvas.paint(rgb, disc(canvas.x - np.float32(x), canvas.y - np.float32(y), radius))


def slab(canvas: Canvas, place: tuple[float, float], half: tuple[float, float], rgb: RGB) -> None:
    """Paint a rectangle, given by its middle and half its sides."""
    across, down = canvas.x - np.float32(place[0]), canvas.y - np.float32(place[1])
    canvas.paint(rgb, box(across, down, *half))


def subject_rgb(scene: Scene) -> RGB:
    """A landscape's colour without jitter, so that a stated one reads clearly."""
    return PALETTE[scene.color or "red"]
