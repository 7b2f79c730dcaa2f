"""Saying what a scene shows, in one of many ways; a caption states all that its scene states."""

import numpy as np

from models.recipe.scenes import COLORS, Scene, Thing

PREFIXES = ("a picture of", "a drawing of", "an image of", "an illustration of")
SIZE_WORDS = {
    "small": ("small", "little", "tiny"),
    "medium": ("medium", "medium sized"),
    "large": ("large", "big", "huge"),
}
SHAPE_WORDS = {
    "circle": ("circle", "circle", "disc"),
    "square": ("square", "square", "box"),
    "triangle": ("triangle",),
    "star": ("star",),
    "heart": ("heart",),
    "ring": ("ring",),
    "diamond": ("diamond", "diamond", "rhombus"),
    "cross": ("cross", "cross", "plus"),
}
COUNT_WORDS = {2: "two", 3: "three"}
POSITION_WORDS = {
    "top left": ("top left", "upper left"),
    "top right": ("top right", "upper right"),
    "bottom left": ("bottom left", "lower left"),
    "bottom right": ("bottom right", "lower right"),
}
EDGE_PHRASES = {
    "top": ("at the top", "at the top", "near the top"),
    "bottom": ("at the bottom", "at the bottom", "near the bottom"),
    "left": ("on the left", "on the left side", "at the left"),
    "right": ("on the right", "on the right side", "at the right"),
    "center": ("in the center", "in the middle", "in the centre", "at the center"),
}
# Each says where the first-named thing lies; True where that is the left or the upper one.
RELATIONS: dict[str, dict[bool, tuple[str, ...]]] = {
    "horizontal": {
        True: ("left of", "to the left of", "on the left of"),
        False: ("right of", "to the right of", "on the right of"),
    },
    "vertical": {
        True: ("above", "over", "on top of"),
        False: ("below", "under", "beneath"),
    },
}
INVERTED: dict[str, dict[bool, tuple[str, ...]]] = {
    "horizontal": {True: ("to its right",), False: ("to its left",)},
    "vertical": {True: ("below it", "under it"), False: ("above it", "over it")},
}
BESIDE = ("and", "next to", "beside")
BACKGROUND_WORDS = ("on", "on", "on", "against", "over", "with")
LANDSCAPE_PHRASES = {
    "hills": (
        "sun over hills",
        "the sun over hills",
        "the sun above green hills",
        "hills and sun",
        "a sunny day over hills",
        "green hills",
        "sun over green hills",
    ),
    "night": (
        "night with moon",
        "a night with a moon and stars",
        "the moon at night",
        "a moon and stars in the night sky",
        "night sky",
        "a night sky with a moon",
    ),
    "house": ("a {} house", "a {} house on grass", "a house with {} walls", "a {} house on a hill"),
    "boat": ("a {} boat", "a {} boat on the sea", "a boat with {} sails", "a {} boat on water"),
    "tree": ("a tree", "a green tree", "a tree on grass", "a tree on a hill", "a tall tree"),
    "smiley": ("a smiley", "a smiling face", "a happy face", "a smiley face", "a yellow smiley"),
    "flower": ("a {} flower", "a {} flower on grass", "a flower with {} petals", "one {} flower"),
    "rainbow": (
        "a rainbow",
        "a rainbow over grass",
        "a rainbow in the sky",
        "rainbow and clouds",
        "a rainbow over a field",
    ),
    "mountains": (
        "mountains",
        "snowy mountains",
        "mountains with snow",
        "a mountain",
        "mountains under a blue sky",
        "high mountains",
    ),
    "fish": ("a {} fish", "a {} fish in the sea", "a {} fish in water", "a {} fish under water"),
    "sunset": (
        "a sunset",
        "a sunset over the sea",
        "sunset over water",
        "sunset",
        "the sun over the sea",
        "an evening by the sea",
    ),
    "gradient": (
        "a gradient from {} to {}",
        "a {} to {} gradient",
        "{} to {} gradient",
        "a smooth gradient from {} to {}",
    ),
}
JUNK = (
    "beautiful",
    "photo",
    "4k",
    "masterpiece",
    "really",
    "detailed",
    "please",
    "hdr",
    "of art",
    "kitten",
    "quality",
    "v2",
    "cinematic",
    "trending",
    "simple",
    "vector",
    "cute",
    "!!",
    "modern",
)


JUNK_SHARE = 0.08
# How often a caption leaves open the one colour that it could name.
OPEN_SHARES = {"landscape": 0.4, "thing": 0.12}


def pick(rng: np.random.Generator, words: tuple[str, ...]) -> str:
    """Choose one of several ways to say it."""
    return words[int(rng.integers(len(words)))]


def article(words: str) -> str:
    """Put the indefinite article before words."""
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def thing_phrase(thing: Thing, rng: np.random.Generator) -> str:
    """Name one thing by colour and shape, and by size where it is stated."""
    words = [thing.color, pick(rng, SHAPE_WORDS[thing.shape])]
    if thing.size:
        words.insert(0, pick(rng, SIZE_WORDS[thing.size]))
    phrase = " ".join(words)
    return article(phrase) if rng.random() < 0.93 else phrase


def counted_phrase(scene: Scene, rng: np.random.Generator) -> str:
    """Name alike things by their number."""
    thing = scene.things[0]
    words = [
        COUNT_WORDS[len(scene.things)],
        thing.color,
        plural(pick(rng, SHAPE_WORDS[thing.shape])),
    ]
    if thing.size:
        words.insert(1, pick(rng, SIZE_WORDS[thing.size]))
    return " ".join(words)


def plural(word: str) -> str:
    """Say a shape's word for several."""
    return f"{word}{'es' if word[-1] in 'sx' else 's'}"


def position_phrase(position: str, rng: np.random.Generator) -> str:
    """Say where on the picture a thing lies."""
    if position in EDGE_PHRASES:
        return pick(rng, EDGE_PHRASES[position])
    words = pick(rng, POSITION_WORDS[position])
    return pick(
        rng,
        (f"in the {words} corner", f"in the {words} corner", f"at the {words}", f"in the {words}"),
    )


def pair_phrase(scene: Scene, rng: np.random.Generator) -> str:
    """Name two things in either order, with the relation that fits."""
    lot = rng.random()
    arrangement = str(scene.arrangement)
    phrases = [thing_phrase(thing, rng) for thing in scene.things]
    if arrangement == "horizontal" and lot < 0.15:
        return f"{phrases[0]} {pick(rng, BESIDE)} {phrases[1]}"
    is_first = bool(rng.random() < 0.5)
    named, other = phrases if is_first else phrases[::-1]
    if lot < 0.25:
        return f"{named} with {other} {pick(rng, INVERTED[arrangement][is_first])}"
    return f"{named} {pick(rng, RELATIONS[arrangement][is_first])} {other}"


def background_phrase(scene: Scene, rng: np.random.Generator) -> str:
    """Name the background; white is what a caption that names none means."""
    if scene.background == "white" and rng.random() < 0.7:
        return ""
    if rng.random() < 0.08:
        return f"on {scene.background}"
    return f"{pick(rng, BACKGROUND_WORDS)} {article(scene.background)} background"


def landscape_phrase(scene: Scene, rng: np.random.Generator) -> str:
    """Name a landscape, with the colour of its subject if it has one."""
    kind = str(scene.landscape)
    phrase = pick(rng, LANDSCAPE_PHRASES[kind])
    if kind == "gradient":
        return with_article(phrase.format(scene.color, scene.background))
    if "{}" not in phrase:
        if kind == "smiley":
            return f"{phrase} {background_phrase(scene, rng)}".strip()
        return phrase
    return with_article(phrase.format(scene.color))


def with_article(phrase: str) -> str:
    """Mend the article before the one colour that begins with a vowel."""
    return f"an{phrase[1:]}" if phrase.startswith("a orange") else phrase


def plain_caption(scene: Scene, rng: np.random.Generator) -> str:
    """Describe a scene in the canonical words and nothing else."""
    if scene.landscape:
        return landscape_phrase(scene, rng)
    if scene.count:
        phrase = counted_phrase(scene, rng)
    elif len(scene.things) > 1:
        phrase = pair_phrase(scene, rng)
    else:
        phrase = thing_phrase(scene.things[0], rng)
        if scene.position:
            phrase = f"{phrase} {position_phrase(scene.position, rng)}"
    return f"{phrase} {background_phrase(scene, rng)}".strip()


def junk_word(rng: np.random.Generator) -> str:
    """Give a word that means nothing here: one that people write, or letters in a row."""
    if rng.random() < 0.6:
        return pick(rng, JUNK)
    return "".join(rng.choice(list("abcdefghijklmnopqrstuvwxyz"), int(rng.integers(3, 9))))


def without_color(words: str, color: str) -> str:
    """Leave open what colour the subject has, which is the first that words name."""
    for named, left in ((f"an {color} ", "a "), (f"{color} ", "")):
        if named in words:
            return words.replace(named, left, 1)
    return words


def one_color(scene: Scene) -> str | None:
    """Give the colour of a scene that has one subject."""
    if scene.landscape == "gradient" or len({thing.color for thing in scene.things}) > 1:
        return None
    return scene.things[0].color if scene.things else scene.color


def caption(scene: Scene, rng: np.random.Generator) -> str:
    """Describe a scene, at times with a prefix, an open colour or words that mean nothing."""
    words = plain_caption(scene, rng)
    color, share = one_color(scene), OPEN_SHARES["landscape" if scene.landscape else "thing"]
    if color and not scene.arrangement and rng.random() < share:
        words = without_color(words, color)
    lot = rng.random()
    if lot < 0.15:
        words = f"{pick(rng, PREFIXES)} {words}"
    if rng.random() < JUNK_SHARE:
        junk = junk_word(rng)
        words = f"{words} {junk}" if rng.random() < 0.6 else f"{junk} {words}"
    return f"{words}." if rng.random() < 0.04 else words


def vocabulary() -> list[str]:
    """List every word that captions are made of, junk aside."""
    tables = (SIZE_WORDS, SHAPE_WORDS, POSITION_WORDS, EDGE_PHRASES, LANDSCAPE_PHRASES)
    phrases = [phrase for table in tables for words in table.values() for phrase in words]
    for by_order in RELATIONS.values():
        phrases += [phrase for words in by_order.values() for phrase in words]
    phrases += ["to its right", "to its left", "below it", *PREFIXES, *BESIDE, *BACKGROUND_WORDS]
    phrases += ["in the corner", "at the", "a an background", "with", *COUNT_WORDS.values()]
    phrases += [plural(word) for words in SHAPE_WORDS.values() for word in words]
    from_tables = {word for phrase in phrases for word in phrase.replace("{}", "").split()}
    return sorted(from_tables | set(COLORS))
