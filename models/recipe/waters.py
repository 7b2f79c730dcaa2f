"""Landscapes with water, each laid out by its scene's details."""

import numpy as np

from models.recipe.brushes import (
    INK,
    SEA,
    SKY_LOW,
    SKY_TOP,
    SUN,
    WOOD,
    ground,
    slab,
    spot,
    spread,
    subject_rgb,
)
from models.recipe.canvas import Canvas
from models.recipe.scenes import RGB, Scene
from models.recipe.shapes import disc, polygon

DEEP: RGB = (30, 96, 176)
SHALLOW: RGB = (130, 208, 238)
BUBBLE: RGB = (206, 236, 250)
SAND: RGB = (236, 214, 160)
DUSK_TOP: RGB = (92, 62, 140)
DUSK_LOW: RGB = (255, 176, 104)
DUSK_SEA: RGB = (74, 62, 128)
GLOW: RGB = (255, 200, 120)


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


def paint_fish(canvas: Canvas, scene: Scene) -> None:
    """Paint a fish with a tail and a fin, and its bubbles."""
    d = scene.details
    canvas.shade(SHALLOW, DEEP)
    ground(canvas, 0.9, SAND)
    x, y, size = spread(d[0], 0.42, 0.5), spread(d[1], 0.42, 0.54), spread(d[2], 0.92, 1.1)
    rgb = subject_rgb(scene)
    tail = [(0.17, 0.0), (0.34, -0.15), (0.29, 0.0), (0.34, 0.15)]
    fin = [(-0.06, -0.11), (0.1, -0.24), (0.12, -0.08)]
    for corners in (tail, fin):
        placed = [(x + across * size, y + down * size) for across, down in corners]
        canvas.paint(rgb, polygon(canvas.x, canvas.y, placed))
    across = (canvas.x - np.float32(x)) * np.float32(0.15 / 0.24)
    canvas.paint(rgb, disc(across, canvas.y - np.float32(y), 0.15 * size))
    spot(canvas, x - 0.12 * size, y - 0.035 * size, 0.034 * size, (250, 250, 250))
    spot(canvas, x - 0.125 * size, y - 0.035 * size, 0.017 * size, INK)
    for number in range(3):
        spot(canvas, x - 0.3 * size, y - 0.08 - number * 0.11, 0.016 + number * 0.006, BUBBLE)


def paint_sunset(canvas: Canvas, scene: Scene) -> None:
    """Paint a sun that touches the sea, and its light on the water."""
    d = scene.details
    canvas.shade(DUSK_TOP, DUSK_LOW)
    x, level, radius = spread(d[0], 0.35, 0.65), spread(d[1], 0.6, 0.68), spread(d[2], 0.13, 0.17)
    spot(canvas, x, level - 0.02, radius, SUN)
    ground(canvas, level, DUSK_SEA)
    for number in range(4):
        half = radius * (0.9 - 0.2 * number)
        slab(canvas, (x, level + 0.05 + 0.07 * number), (half, 0.011), GLOW)
