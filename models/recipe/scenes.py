"""What a picture shows: a scene says what its caption says, and where everything lies."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from models.recipe.shapes import SHAPES

RGB = tuple[int, int, int]

PALETTE: dict[str, RGB] = {
    "red": (214, 40, 40),
    "orange": (247, 127, 0),
    "yellow": (252, 208, 40),
    "green": (46, 160, 67),
    "cyan": (40, 200, 215),
    "blue": (32, 84, 200),
    "purple": (128, 50, 170),
    "pink": (255, 140, 190),
    "white": (245, 245, 245),
    "black": (25, 25, 28),
}
COLORS = tuple(PALETTE)
SHAPE_NAMES = tuple(SHAPES)
# Radii as shares of the picture's side; the gaps let a verifier tell the sizes apart.
RADII = {"small": (0.10, 0.12), "medium": (0.155, 0.175), "large": (0.215, 0.24)}
SIZES = tuple(RADII)
LANDSCAPES = (
    "hills",
    "night",
    "house",
    "boat",
    "tree",
    "smiley",
    "flower",
    "rainbow",
    "mountains",
    "fish",
    "sunset",
    "gradient",
)
# What a landscape's subject may be coloured; one not named here has its own colours.
SUBJECT_COLORS: dict[str, tuple[str, ...]] = {
    "house": tuple(name for name in COLORS if name != "black"),
    "boat": tuple(name for name in COLORS if name != "black"),
    "flower": tuple(name for name in COLORS if name != "black"),
    "fish": tuple(name for name in COLORS if name not in {"black", "blue", "cyan"}),
    "gradient": COLORS,
}
POSITIONS: dict[str, tuple[int, int]] = {
    "top left": (-1, -1),
    "top": (0, -1),
    "top right": (1, -1),
    "left": (-1, 0),
    "center": (0, 0),
    "right": (1, 0),
    "bottom left": (-1, 1),
    "bottom": (0, 1),
    "bottom right": (1, 1),
}
ARRANGEMENTS = ("horizontal", "vertical")
MAX_JITTER = 8
HELD_OUT_SHARE = 0.1
NUM_DETAILS = 8
# Pairs are the hardest, so they are drawn most often; the rest are landscapes.
TRAINING_SHARES = {"single": 0.26, "pair": 0.46, "counted": 0.13}
HELD_OUT_SINGLES = 0.4
# So much of the training pictures must have a small thing with points: those fail first.
HARD_SHARE = 0.25
POINTED = frozenset({"star", "heart", "diamond", "cross"})


@dataclass(frozen=True)
class Thing:
    """One object. `size` is None where the caption does not state one; `radius` is the truth."""

    shape: str
    color: str
    size: str | None
    x: float
    y: float
    radius: float
    rgb: RGB


@dataclass(frozen=True)
class Scene:
    """One picture: things on a plain background, or a landscape.

    Two things are ordered as they lie: the left or the upper one comes first. `count` is how many
    alike things are asked for by number. `color` is the stated colour of a landscape's subject;
    `details` (each from 0 to 1) lay a landscape out. A gradient runs from `color` down to the
    background.
    """

    background: str
    background_rgb: RGB
    things: tuple[Thing, ...] = ()
    position: str | None = None
    arrangement: str | None = None
    count: int | None = None
    landscape: str | None = None
    color: str | None = None
    details: tuple[float, ...] = ()


Sampler = Callable[[np.random.Generator], Scene]


def is_held_out(background: str, things: tuple[Thing, ...]) -> bool:
    """Tell whether this combination of colours and shapes is kept away from training."""
    parts = [background, *sorted(f"{thing.color} {thing.shape}" for thing in things)]
    digest = hashlib.sha256("|".join(parts).encode()).digest()
    return digest[0] < 256 * HELD_OUT_SHARE


def jittered(color: str, rng: np.random.Generator) -> RGB:
    """Give a palette colour, slightly off, as pictures have it."""
    red, green, blue = PALETTE[color]
    shift = rng.integers(-MAX_JITTER, MAX_JITTER + 1, 3)
    return tuple(int(v) for v in np.clip(np.add((red, green, blue), shift), 0, 255))  # type: ignore[return-value]


def sample_background(rng: np.random.Generator) -> str:
    """White is what a caption without a background means, so it is drawn more often."""
    return "white" if rng.random() < 0.25 else str(rng.choice(COLORS))


def sample_thing(rng: np.random.Generator, background: str) -> Thing:
    """Draw one thing that shows against its background; its place is left to the caller."""
    color = str(rng.choice([name for name in COLORS if name != background]))
    size = str(rng.choice(SIZES)) if rng.random() < 0.55 else None
    radius = rng.uniform(*RADII[size or str(rng.choice(["medium", "large"]))])
    rgb = jittered(color, rng)
    return Thing(str(rng.choice(SHAPE_NAMES)), color, size, 0.5, 0.5, float(radius), rgb)


def placed(thing: Thing, x: float, y: float) -> Thing:
    """Move a thing."""
    return Thing(thing.shape, thing.color, thing.size, x, y, thing.radius, thing.rgb)


def sample_single(rng: np.random.Generator) -> Scene:
    """Draw one thing, near the middle unless a position is stated."""
    background = sample_background(rng)
    thing = sample_thing(rng, background)
    position = str(rng.choice(list(POSITIONS))) if rng.random() < 0.65 else None
    spread = 0.02 if position else 0.07
    across, down = POSITIONS[position or "center"]
    reach = 0.5 - thing.radius - 0.05
    jitter = rng.uniform(-spread, spread, 2)
    x, y = 0.5 + across * reach + jitter[0], 0.5 + down * reach + jitter[1]
    thing = placed(thing, float(x), float(y))
    return Scene(background, jittered(background, rng), (thing,), position=position)


def half_place(radius: float, rng: np.random.Generator) -> float:
    """Centre along the axis of a pair, within the first half and clear of its borders."""
    low, high = max(0.22, radius + 0.01), min(0.30, 0.492 - radius)
    return float(rng.uniform(low, max(low, high)))


def sample_pair(rng: np.random.Generator) -> Scene:
    """Draw two things side by side, or one above the other."""
    background = sample_background(rng)
    first, second = sample_thing(rng, background), sample_thing(rng, background)
    along = half_place(first.radius, rng), 1 - half_place(second.radius, rng)
    beside = [float(v) for v in rng.uniform(0.44, 0.56, 2)]
    arrangement = str(rng.choice(ARRANGEMENTS))
    places = list(zip(along, beside, strict=True))
    if arrangement == "vertical":
        places = [(y, x) for x, y in places]
    things = placed(first, *places[0]), placed(second, *places[1])
    return Scene(background, jittered(background, rng), things, arrangement=arrangement)


def sample_counted(rng: np.random.Generator) -> Scene:
    """Draw two alike things side by side, or three in a row, or in a heap if they are larger."""
    background, count = sample_background(rng), int(rng.integers(2, 4))
    thing = sample_thing(rng, background)
    while count == 3 and thing.radius > RADII["medium"][1]:
        thing = sample_thing(rng, background)
    if count == 2:
        near = half_place(thing.radius, rng)
        places = [(near, 0.5), (1 - near, 0.5)]
    elif thing.radius < RADII["medium"][0]:
        places = [(0.2, 0.5), (0.5, 0.5), (0.8, 0.5)]
    else:
        places = [(0.5, 0.27), (0.27, 0.73), (0.73, 0.73)]
    room = min(min(x, y, 1 - x, 1 - y) for x, y in places) - thing.radius
    shift = rng.uniform(-1, 1, 2) * min(room, 0.02)
    things = tuple(placed(thing, float(x + shift[0]), float(y + shift[1])) for x, y in places)
    return Scene(background, jittered(background, rng), things, count=count)


def sample_landscape(rng: np.random.Generator) -> Scene:
    """Draw a landscape and its details."""
    kind = str(rng.choice(LANDSCAPES))
    color = str(rng.choice(SUBJECT_COLORS[kind])) if kind in SUBJECT_COLORS else None
    background = "white"
    if kind == "gradient":
        background = str(rng.choice([name for name in COLORS if name != color]))
    if kind == "smiley":
        background = sample_background(rng)
        background = "white" if background == "yellow" else background
    details = tuple(float(v) for v in rng.random(NUM_DETAILS))
    rgb = jittered(background, rng)
    return Scene(background, rgb, landscape=kind, color=color, details=details)


def sample_training_scene(rng: np.random.Generator) -> Scene:
    """Draw a scene whose combination of colours and shapes is not held out."""
    kinds = {"single": sample_single, "pair": sample_pair, "counted": sample_counted}
    lot = rng.random()
    for name, share in TRAINING_SHARES.items():
        lot -= share
        if lot < 0:
            return split_scene(rng, kinds[name], held_out=False)
    return sample_landscape(rng)


def split_scene(rng: np.random.Generator, sample: Sampler, *, held_out: bool) -> Scene:
    """Draw until a scene falls into the split."""
    while True:
        scene = sample(rng)
        if is_held_out(scene.background, scene.things) == held_out:
            return scene


def sample_held_out(rng: np.random.Generator) -> Scene:
    """Draw one thing or two in a combination that training never shows."""
    is_single = rng.random() < HELD_OUT_SINGLES
    return split_scene(rng, sample_single if is_single else sample_pair, held_out=True)


def sample_held_out_count(rng: np.random.Generator) -> Scene:
    """Draw two or three alike things in a combination that training never shows."""
    return split_scene(rng, sample_counted, held_out=True)


def is_hard(scene: Scene) -> bool:
    """Tell whether something small has points that a blurred picture loses."""
    return any(thing.size == "small" and thing.shape in POINTED for thing in scene.things)


def scene_of(seed: int, index: int) -> Scene:
    """Training scene number `index` of the endless series `seed`."""
    rng = np.random.default_rng((seed, index))
    must_be_hard = rng.random() < HARD_SHARE
    while True:
        scene = sample_training_scene(rng)
        if is_hard(scene) or not must_be_hard:
            return scene
