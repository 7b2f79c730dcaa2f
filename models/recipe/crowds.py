"""Pictures full of small things, on which an autoencoder learns what it would lose.

A thing's size is set in pixels, so that a small picture shows a corner of what a large one would.
"""

import numpy as np

from models.recipe.scenes import COLORS, SHAPE_NAMES, Scene, Thing, jittered

# From the smallest thing that a scene has at 128 pixels to a medium one.
RADII_PX = (11.0, 21.0)
# Pointed shapes are what a blurred picture loses first.
SHAPE_WEIGHTS = {"star": 3.0, "heart": 2.0, "diamond": 2.0, "cross": 1.5, "triangle": 1.5}
PLACES_PER_PIXEL = 1 / 400
GAP = 0.03


def crowd(rng: np.random.Generator, size_px: int) -> Scene:
    """Scatter things that do not touch over a plain background."""
    background = str(rng.choice(COLORS))
    weights = np.array([SHAPE_WEIGHTS.get(name, 1.0) for name in SHAPE_NAMES])
    others = [name for name in COLORS if name != background]
    things: list[Thing] = []
    for _ in range(int(size_px**2 * PLACES_PER_PIXEL)):
        # Squared, so that the smallest come most often.
        radius = (RADII_PX[0] + (RADII_PX[1] - RADII_PX[0]) * rng.random() ** 2) / size_px
        x, y = (float(v) for v in rng.uniform(radius, 1 - radius, 2))
        if any(np.hypot(x - t.x, y - t.y) < radius + t.radius + GAP for t in things):
            continue
        shape, color = (
            str(rng.choice(SHAPE_NAMES, p=weights / weights.sum())),
            str(rng.choice(others)),
        )
        things.append(Thing(shape, color, None, x, y, radius, jittered(color, rng)))
    return Scene(background, jittered(background, rng), tuple(things))
