"""Eight landscapes, each laid out by its scene's details."""

from collections.abc import Callable

import numpy as np

from models.recipe.canvas import Canvas
from models.recipe.scenes import PALETTE, RGB, Scene
from models.recipe.shapes import box, disc, polygon

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


def paint_hills(canvas: Canvas, scene: Scene) -> None:
    """Paint a sun over two hills."""
    d = scene.details
    canvas.shade(SKY_TOP, SKY_LOW)
    spot(canvas, spread(d[0], 0.25, 0.75), spread(d[1], 0.2, 0.34), spread(d[2], 0.1, 0.14), SUN)
    hill(canvas, spread(d[3], 0.58, 0.66), 0.08, d[4] * 6.28, FAR_GRASS)
    hill(canvas, spread(d[5], 0.72, 0.8), 0.07, d[6] * 6.28, GRASS)


def paint_night(canvas: Canvas, scene: Scene) -> None:
    """Paint a crescent and stars."""
    d = scene.details
    canvas.shade(NIGHT_TOP, NIGHT_LOW)
    for number in range(7):
        x = (d[0] + number * 0.618) % 1.0
        y = 0.06 + 0.5 * ((d[1] + number * 0.381) % 1.0)
        spot(canvas, x, y, 0.014, MOON)
    x, y, radius = spread(d[2], 0.25, 0.75), spread(d[3], 0.22, 0.36), spread(d[4], 0.11, 0.15)
    bite = disc(canvas.x - np.float32(x + radius * 0.55), canvas.y - np.float32(y), radius * 0.85)
    whole = disc(canvas.x - np.float32(x), canvas.y - np.float32(y), radius)
    canvas.paint(MOON, np.maximum(whole, -bite))
    hill(canvas, spread(d[5], 0.78, 0.84), 0.06, d[6] * 6.28, (20, 28, 40))


def paint_house(canvas: Canvas, scene: Scene) -> None:
    """Paint a house with a roof, a door and two windows."""
    d = scene.details
    canvas.shade(SKY_TOP, SKY_LOW)
    ground(canvas, 0.78)
    x, half = spread(d[0], 0.42, 0.58), spread(d[1], 0.2, 0.25)
    slab(canvas, (x, 0.64), (half, 0.18), subject_rgb(scene))
    roof = [(x - half - 0.06, 0.46), (x, 0.46 - spread(d[2], 0.2, 0.26)), (x + half + 0.06, 0.46)]
    canvas.paint(ROOF, polygon(canvas.x, canvas.y, roof))
    slab(canvas, (x, 0.73), (0.045, 0.09), WOOD)
    for side in (-1, 1):
        slab(canvas, (x + side * half * 0.58, 0.6), (0.045, 0.045), GLASS)


def paint_boat(canvas: Canvas, scene: Scene) -> None:
    """Paint a boat with two sails."""
    d = scene.details
    canvas.shade(SKY_TOP, SKY_LOW)
    ground(canvas, 0.68, SEA)
    x, scale = spread(d[0], 0.4, 0.6), spread(d[1], 0.9, 1.1)
    hull = [(-0.26, 0.64), (0.26, 0.64), (0.17, 0.78), (-0.17, 0.78)]
    canvas.paint(WOOD, polygon(canvas.x, canvas.y, [(x + a * scale, b) for a, b in hull]))
    slab(canvas, (x, 0.42), (0.012, 0.23), WOOD)
    right = [(x + 0.025, 0.2), (x + 0.025 + 0.2 * scale, 0.58), (x + 0.025, 0.58)]
    canvas.paint(subject_rgb(scene), polygon(canvas.x, canvas.y, right))
    left = [(x - 0.025, 0.28), (x - 0.025, 0.58), (x - 0.025 - 0.15 * scale, 0.58)]
    canvas.paint(subject_rgb(scene), polygon(canvas.x, canvas.y, left))


def paint_tree(canvas: Canvas, scene: Scene) -> None:
    """Paint a tree on a hill."""
    d = scene.details
    canvas.shade(SKY_TOP, SKY_LOW)
    hill(canvas, spread(d[0], 0.76, 0.82), 0.03, d[1] * 6.28, GRASS)
    x, top = spread(d[2], 0.38, 0.62), spread(d[3], 0.3, 0.38)
    slab(canvas, (x, 0.68), (0.045, 0.19), WOOD)
    for dx, dy, radius in ((-0.13, 0.1, 0.15), (0.13, 0.1, 0.15), (0.0, 0.0, 0.18)):
        spot(canvas, x + dx, top + dy, radius, LEAVES)


def paint_smiley(canvas: Canvas, scene: Scene) -> None:
    """Paint a smiling face."""
    d = scene.details
    x, y = spread(d[0], 0.45, 0.55), spread(d[1], 0.45, 0.55)
    radius = spread(d[2], 0.28, 0.36)
    spot(canvas, x, y, radius, SUN)
    for side in (-1, 1):
        spot(canvas, x + side * radius * 0.36, y - radius * 0.28, radius * 0.12, INK)
    across, down = canvas.x - np.float32(x), canvas.y - np.float32(y)
    arc = np.abs(disc(across, down - np.float32(radius * 0.05), radius * 0.55))
    below = np.float32(radius * 0.2) - down
    canvas.paint(INK, np.maximum(arc - np.float32(radius * 0.07), below))


def paint_flower(canvas: Canvas, scene: Scene) -> None:
    """Paint a flower with six petals."""
    d = scene.details
    canvas.shade(SKY_TOP, SKY_LOW)
    ground(canvas, 0.86)
    x, y, turn = spread(d[0], 0.42, 0.58), spread(d[1], 0.34, 0.42), d[2]
    slab(canvas, (x, (y + 0.88) / 2), (0.018, (0.88 - y) / 2), LEAVES)
    spot(canvas, x + 0.08, 0.7, 0.05, LEAVES)
    spot(canvas, x - 0.08, 0.74, 0.05, LEAVES)
    for number in range(6):
        angle = (number + turn) * np.pi / 3
        spot(canvas, x + 0.15 * np.cos(angle), y + 0.15 * np.sin(angle), 0.09, subject_rgb(scene))
    spot(canvas, x, y, 0.085, (255, 196, 40) if scene.color != "yellow" else WOOD)


def paint_rainbow(canvas: Canvas, scene: Scene) -> None:
    """Paint a rainbow and a cloud."""
    d = scene.details
    canvas.shade(SKY_TOP, SKY_LOW)
    x, y, radius = spread(d[0], 0.45, 0.55), spread(d[1], 0.78, 0.84), spread(d[2], 0.46, 0.54)
    for rgb in RAINBOW:
        ring = np.abs(disc(canvas.x - np.float32(x), canvas.y - np.float32(y), radius))
        canvas.paint(rgb, ring - np.float32(0.019))
        radius -= 0.037
    ground(canvas, spread(d[3], 0.76, 0.8))
    cloud(canvas, spread(d[4], 0.15, 0.85), spread(d[5], 0.1, 0.16), 0.06)


PAINTERS: dict[str, Callable[[Canvas, Scene], None]] = {
    "hills": paint_hills,
    "night": paint_night,
    "house": paint_house,
    "boat": paint_boat,
    "tree": paint_tree,
    "smiley": paint_smiley,
    "flower": paint_flower,
    "rainbow": paint_rainbow,
}


def paint_landscape(canvas: Canvas, scene: Scene) -> None:
    """Paint the landscape that a scene names."""
    PAINTERS[str(scene.landscape)](canvas, scene)
