"""What a caption says, as numbers: the targets that teach the text encoder."""

from models.recipe.captions import COUNT_WORDS
from models.recipe.scenes import (
    ARRANGEMENTS,
    COLORS,
    LANDSCAPES,
    POSITIONS,
    SHAPE_NAMES,
    SIZES,
    Scene,
)

SLOT = {"shape": SHAPE_NAMES, "color": COLORS, "size": SIZES}
# Every attribute has one class more, the last: not stated, or not there.
ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "background": COLORS,
    "position": tuple(POSITIONS),
    "arrangement": ARRANGEMENTS,
    "landscape": LANDSCAPES,
    "subject color": COLORS,
    "count": tuple(COUNT_WORDS.values()),
    **{
        f"{number} {name}": values
        for number in ("first", "second")
        for name, values in SLOT.items()
    },
}
CLASS_COUNTS = [len(values) + 1 for values in ATTRIBUTES.values()]
NOTHING = tuple(len(values) for values in ATTRIBUTES.values())


def labels_of(scene: Scene) -> list[int]:
    """Give one class per attribute, in the order of `ATTRIBUTES`."""
    stated: dict[str, str | None] = {
        "background": scene.background,
        "position": scene.position,
        "arrangement": scene.arrangement,
        "landscape": scene.landscape,
        "subject color": scene.color,
        "count": COUNT_WORDS.get(scene.count or 0),
    }
    # Alike things are one thing and a number.
    named = scene.things[:1] if scene.count else scene.things
    for number, thing in zip(("first", "second"), named, strict=False):
        for name in SLOT:
            stated[f"{number} {name}"] = getattr(thing, name)
    return [
        values.index(word) if (word := stated.get(name)) else len(values)
        for name, values in ATTRIBUTES.items()
    ]
