"""Does a picture show its scene? A judge of pixels, with no network in it.

The nearest palette colour of every pixel gives the background (most of the border) and the pieces
that differ from it; each piece is compared with every shape, drawn at its place and size.
"""

from dataclasses import dataclass
from functools import cache
from itertools import permutations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from models.recipe.scenes import COLORS, PALETTE, POSITIONS, RADII, SHAPE_NAMES, Scene, Thing
from models.recipe.shapes import SHAPES

Picture = NDArray[np.uint8]
Mask = NDArray[np.bool_]

MIN_AREA_SHARE = 0.005
SIZE_BOUNDS = (
    (RADII["small"][1] + RADII["medium"][0]) / 2,
    (RADII["medium"][1] + RADII["large"][0]) / 2,
)
# How far from the middle a stated side must be, and a stated middle may be, in shares of the side.
SIDE_MARGIN = 0.07
MIDDLE_MARGIN = 0.12


@dataclass(frozen=True)
class Found:
    """A thing seen in a picture; lengths are shares of the picture's side."""

    shape: str
    color: str
    size: str
    x: float
    y: float
    radius: float


@dataclass(frozen=True)
class Verdict:
    """What of a scene its picture shows; None where the scene does not state it."""

    background: bool
    count: bool
    color: bool
    shape: bool
    size: bool | None
    position: bool | None
    relation: bool | None

    @property
    def everything(self) -> bool:
        """Whether nothing that the scene states is missed."""
        parts = (self.background, self.count, self.color, self.shape)
        return all(parts) and False not in {self.size, self.position, self.relation}


def check_picture(picture: Picture, scene: Scene) -> Verdict:
    """Judge a picture of things on a plain background.

    Args:
        picture: Levels of 255, (H, W, 3), square.
        scene: What was asked for; only what it states is judged.

    Raises:
        ValueError: The scene is a landscape, which this cannot judge.
    """
    if scene.landscape:
        raise ValueError("a landscape cannot be judged by its pixels")
    background, found = find_things(picture)
    matched = match(found, scene)
    pairs = list(zip(matched, scene.things, strict=True))
    stated = [(seen, thing) for seen, thing in pairs if thing.size]
    return Verdict(
        background=background == scene.background,
        count=len(found) == len(scene.things),
        color=all(seen and seen.color == thing.color for seen, thing in pairs),
        shape=all(seen and seen.shape == thing.shape for seen, thing in pairs),
        size=all(seen and seen.size == thing.size for seen, thing in stated) if stated else None,
        position=is_placed(matched[0], scene.position) if scene.position else None,
        relation=is_arranged(matched, scene.arrangement) if scene.arrangement else None,
    )


def find_things(picture: Picture) -> tuple[str, list[Found]]:
    """Name the background and find what lies on it, the largest first."""
    nearest = nearest_colors(picture)
    border = np.concatenate([nearest[0], nearest[-1], nearest[:, 0], nearest[:, -1]])
    background = int(np.bincount(border, minlength=len(COLORS)).argmax())
    pieces, count = ndimage.label(nearest != background)
    areas = np.bincount(pieces.ravel(), minlength=count + 1)[1:]
    numbers = [int(n) for n in np.argsort(-areas) if areas[n] >= MIN_AREA_SHARE * nearest.size]
    behind = np.median(picture[nearest == background], axis=0)
    found = [describe(picture, pieces == n + 1, nearest, behind) for n in numbers]
    return COLORS[background], found


def nearest_colors(picture: Picture) -> NDArray[np.int64]:
    """Give each pixel the number of the palette's nearest colour: (H, W)."""
    palette = np.array(list(PALETTE.values()), np.float32)
    distance = np.square(picture[:, :, None].astype(np.float32) - palette).sum(-1)
    nearest: NDArray[np.int64] = distance.argmin(-1)
    return nearest


def describe(
    picture: Picture, piece: Mask, nearest: NDArray[np.int64], behind: NDArray[np.float64]
) -> Found:
    """Tell what one piece is.

    Args:
        picture: (H, W, 3).
        piece: Its pixels, (H, W).
        nearest: Palette number of each pixel, (H, W).
        behind: The background's levels, (3,).
    """
    number = int(np.bincount(nearest[piece], minlength=len(COLORS)).argmax())
    front = np.median(picture[piece & (nearest == number)], axis=0)
    # A pixel on the edge belongs to the nearer of the two colours that meet there.
    axis = front - behind
    share = (picture - behind) @ axis / max(float(axis @ axis), 1.0)
    mask = ndimage.binary_dilation(piece) & (share > 0.5)
    side = len(mask)
    rows, columns = np.nonzero(mask) if mask.any() else np.nonzero(piece)
    area = len(rows) / side**2
    x, y = (float(v.mean() + 0.5) / side for v in (columns, rows))
    shape, radius = best_shape(mask, x, y, area)
    size = tuple(RADII)[int(np.searchsorted(SIZE_BOUNDS, radius))]
    shift_x, shift_y = template(shape)[1:]
    return Found(shape, COLORS[number], size, x - shift_x * radius, y - shift_y * radius, radius)


@cache
def template(shape: str) -> tuple[float, float, float]:
    """Measure a shape of radius 1: its area, and the centroid's place, x and y."""
    axis = (np.arange(400, dtype=np.float32) + np.float32(0.5)) / np.float32(200) - 1
    x, y = np.meshgrid(axis, axis)
    inside = SHAPES[shape](x, y) < 0
    return float(inside.mean() * 4), float(x[inside].mean()), float(y[inside].mean())


def best_shape(mask: Mask, x: float, y: float, area: float) -> tuple[str, float]:
    """Find the shape that covers a mask best, at the mask's centroid and area, and its radius."""
    side = len(mask)
    axis = (np.arange(side, dtype=np.float32) + np.float32(0.5)) / np.float32(side)
    across, down = np.meshgrid(axis, axis)
    overlaps = {}
    for shape in SHAPE_NAMES:
        unit_area, shift_x, shift_y = template(shape)
        radius = float(np.sqrt(area / unit_area))
        left, top = np.float32(x - shift_x * radius), np.float32(y - shift_y * radius)
        scale = np.float32(radius)
        drawn = SHAPES[shape]((across - left) / scale, (down - top) / scale) < 0
        overlaps[shape] = ((drawn & mask).sum() / max(1, (drawn | mask).sum()), radius)
    best = max(overlaps, key=lambda shape: float(overlaps[shape][0]))
    return best, overlaps[best][1]


def match(found: list[Found], scene: Scene) -> list[Found | None]:
    """Say which piece is meant for which thing: what agrees in most, then lies as asked."""
    wanted = len(scene.things)
    largest: list[Found | None] = [*found[:wanted], *[None] * (wanted - len(found))]

    def agreement(order: list[Found | None]) -> float:
        pairs = zip(order, scene.things, strict=True)
        score = sum(resemblance(seen, thing) for seen, thing in pairs)
        if scene.arrangement and is_arranged(order, scene.arrangement):
            score += 0.5
        return score

    return max([list(order) for order in permutations(largest)], key=agreement)


def resemblance(seen: Found | None, thing: Thing) -> float:
    """Weigh how much a piece agrees with a thing."""
    if seen is None:
        return 0.0
    return 2.0 * (seen.color == thing.color) + 1.0 * (seen.shape == thing.shape)


def is_placed(seen: Found | None, position: str) -> bool:
    """Tell whether a thing lies on the stated sides, and in the middle where none is stated."""
    if seen is None:
        return False
    across, down = POSITIONS[position]
    return lies_on(seen.x - 0.5, across) and lies_on(seen.y - 0.5, down)


def lies_on(offset: float, side: int) -> bool:
    """Tell whether an offset from the middle is on a side, or none where `side` is 0."""
    return offset * side > SIDE_MARGIN if side else abs(offset) < MIDDLE_MARGIN


def is_arranged(seen: list[Found | None], arrangement: str) -> bool:
    """Tell whether the first of two lies left of, or above, the second."""
    first, second = seen
    if first is None or second is None:
        return False
    across, down = second.x - first.x, second.y - first.y
    along, beside = (across, down) if arrangement == "horizontal" else (down, across)
    return along > abs(beside)
