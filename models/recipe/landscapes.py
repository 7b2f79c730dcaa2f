"""Landscapes, each laid out by its scene's details."""

from collections.abc import Callable

import numpy as np

from models.recipe.brushes import (
    CLOUD,
    FAR_GRASS,
    FAR_ROCK,
    GLASS,
    GRASS,
    INK,
    LEAVES,
    MOON,
    NIGHT_LOW,
    NIGHT_TOP,
    RAINBOW,
    ROCK,
    ROOF,
    SKY_LOW,
    SKY_TOP,
    SUN,
    WOOD,
    cloud,
    ground,
    hill,
    slab,
    spot,
    spread,
    subject_rgb,
)
from models.recipe.canvas import Canvas
from models.recipe.scenes import Scene
from models.recipe.shapes import disc, polygon
from models.recipe.waters import paint_boat, paint_fish, paint_sunset


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


def paint_mountains(canvas: Canvas, scene: Scene) -> None:
    """Paint three mountains with snow on top, and a meadow."""
    d = scene.details
    canvas.shade(SKY_TOP, SKY_LOW)
    peaks = (
        (spread(d[0], 0.14, 0.24), spread(d[1], 0.38, 0.46), 0.36, FAR_ROCK),
        (spread(d[2], 0.76, 0.86), spread(d[3], 0.34, 0.42), 0.38, FAR_ROCK),
        (spread(d[4], 0.44, 0.56), spread(d[5], 0.2, 0.28), 0.42, ROCK),
    )
    for x, top, half, rgb in peaks:
        sides = polygon(canvas.x, canvas.y, [(x, top), (x + half, 0.86), (x - half, 0.86)])
        canvas.paint(rgb, sides)
        fringe = np.abs((canvas.x * np.float32(14)) % 2 - 1) * np.float32(0.05)
        snow = canvas.y - np.float32(top + 0.13) - fringe
        canvas.paint(CLOUD, np.maximum(sides, snow))
    hill(canvas, spread(d[6], 0.78, 0.82), 0.03, d[7] * 6.28, GRASS)


def paint_gradient(canvas: Canvas, scene: Scene) -> None:
    """Fill with the subject's colour at the top and the background's at the bottom."""
    canvas.shade(subject_rgb(scene), scene.background_rgb)


PAINTERS: dict[str, Callable[[Canvas, Scene], None]] = {
    "hills": paint_hills,
    "night": paint_night,
    "house": paint_house,
    "boat": paint_boat,
    "tree": paint_tree,
    "smiley": paint_smiley,
    "flower": paint_flower,
    "rainbow": paint_rainbow,
    "mountains": paint_mountains,
    "fish": paint_fish,
    "sunset": paint_sunset,
    "gradient": paint_gradient,
}


def paint_landscape(canvas: Canvas, scene: Scene) -> None:
    """Paint the landscape that a scene names."""
    PAINTERS[str(scene.landscape)](canvas, scene)
