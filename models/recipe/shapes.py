"""Signed distances of the shapes, in units of their radius.

A distance is negative inside. Coordinates are centred on the shape, x to the right, y down; every
shape fits the square from -1 to 1.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Point = tuple[float, float]
Distance = Callable[[Floats, Floats], Floats]


def disc(x: Floats, y: Floats, radius: float = 1.0) -> Floats:
    """Measure the distance to a circle."""
    return np.hypot(x, y) - np.float32(radius)


def box(x: Floats, y: Floats, half_width: float, half_height: float) -> Floats:
    """Measure the distance to a rectangle.

    Source: Inigo Quilez, "2D distance functions", sdBox.
    """
    across, down = np.abs(x) - np.float32(half_width), np.abs(y) - np.float32(half_height)
    outside = np.hypot(np.maximum(across, 0), np.maximum(down, 0))
    return outside + np.minimum(np.maximum(across, down), 0)


def polygon(x: Floats, y: Floats, corners: Sequence[Point]) -> Floats:
    """Distance to a closed polygon, convex or not.

    Source: Inigo Quilez, "2D distance functions", sdPolygon.
    """
    nearest = np.full(x.shape, np.inf, np.float32)
    inside = np.zeros(x.shape, bool)
    for (ax, ay), (bx, by) in zip(corners, [*corners[1:], corners[0]], strict=True):
        ex, ey = np.float32(bx - ax), np.float32(by - ay)
        px, py = x - np.float32(ax), y - np.float32(ay)
        along = np.clip((px * ex + py * ey) / (ex * ex + ey * ey), 0, 1)
        nearest = np.minimum(nearest, (px - ex * along) ** 2 + (py - ey * along) ** 2)
        tests = np.stack([py >= 0, y < np.float32(by), ex * py > ey * px])
        inside ^= tests.all(0) | ~tests.any(0)
    return np.where(inside, -1, 1).astype(np.float32) * np.sqrt(nearest)


def star_corners(points: int = 5, inner: float = 0.45) -> list[Point]:
    """List the corners of a star of outer radius 1."""
    angles = np.arange(2 * points) * np.pi / points - np.pi / 2
    radii = np.where(np.arange(2 * points) % 2 == 0, 1.0, inner)
    return [
        (float(r * np.cos(a)), float(r * np.sin(a))) for r, a in zip(radii, angles, strict=True)
    ]


def heart_corners(count: int = 28) -> list[Point]:
    """List points along a heart."""
    t = np.arange(count) * 2 * np.pi / count
    across = 16 * np.sin(t) ** 3
    up = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    middle = (up.max() + up.min()) / 2
    return [(float(a / 16.5), float((middle - u) / 16.5)) for a, u in zip(across, up, strict=True)]


TRIANGLE: list[Point] = [(0.0, -0.95), (0.98, 0.8), (-0.98, 0.8)]
DIAMOND: list[Point] = [(0.0, -1.0), (0.68, 0.0), (0.0, 1.0), (-0.68, 0.0)]
STAR = star_corners()
HEART = heart_corners()

SHAPES: dict[str, Distance] = {
    "circle": lambda x, y: disc(x, y, 0.95),
    "square": lambda x, y: box(x, y, 0.82, 0.82),
    "triangle": lambda x, y: polygon(x, y, TRIANGLE),
    "star": lambda x, y: polygon(x, y, STAR),
    "heart": lambda x, y: polygon(x, y, HEART),
    "ring": lambda x, y: np.abs(disc(x, y, 0.75)) - np.float32(0.22),
    "diamond": lambda x, y: polygon(x, y, DIAMOND),
    "cross": lambda x, y: np.minimum(box(x, y, 0.32, 0.95), box(x, y, 0.95, 0.32)),
}
