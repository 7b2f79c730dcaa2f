"""A picture of what a model makes of a few prompts."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from models.recipe.evaluate import make_pictures
from models.recipe.load_pipeline import Setting, load_pipeline

PROMPTS = (
    "sun over hills",
    "a red circle left of a blue square on a yellow background",
    "a blue house",
    "three pink hearts",
    "a rainbow",
    "a large yellow star on a black background",
    "mountains",
    "a white ring above an orange diamond on a blue background",
    "an orange fish",
    "a smiley on a pink background",
    "a boat with red sails",
    "a purple flower",
)
COLUMNS = 6
GAP_PX = 8


def draw_sheet(model: Path, image: Path, *, seed: int) -> None:
    """Make one picture per prompt and lay them out in rows."""
    made = make_pictures(load_pipeline(model), list(PROMPTS), Setting(num_inference_steps=20), seed)
    image.parent.mkdir(parents=True, exist_ok=True)
    lay_out(list(made), COLUMNS, scale=2).save(image, optimize=True)


def lay_out(pictures: Sequence[NDArray[np.uint8]], columns: int, scale: int) -> Image.Image:
    """Lay square pictures of one size out in rows, on a transparent ground."""
    side = pictures[0].shape[0] * scale
    rows = -(-len(pictures) // columns)
    size = [count * side + (count - 1) * GAP_PX for count in (columns, rows)]
    sheet = Image.new("RGBA", (size[0], size[1]), (0, 0, 0, 0))
    for number, picture in enumerate(pictures):
        place = [at * (side + GAP_PX) for at in (number % columns, number // columns)]
        large = Image.fromarray(picture).resize((side, side), Image.Resampling.LANCZOS)
        sheet.paste(large, (place[0], place[1]))
    return sheet
