"""A picture of what a model makes of a few prompts."""

from pathlib import Path

from PIL import Image

from models.recipe.evaluate import load_pipeline, make_pictures

PROMPTS = (
    "sun over hills",
    "a red circle left of a blue square on a yellow background",
    "a blue house",
    "a large yellow star on a black background",
    "a rainbow",
    "a smiley on a pink background",
    "a boat with red sails",
    "a white ring above an orange diamond on a blue background",
)
COLUMNS = 4
GAP_PX = 8


def draw_sheet(model: Path, image: Path, *, seed: int, scale: int = 2) -> None:
    """Make one picture per prompt and lay them out in rows, on a transparent ground."""
    pipeline = load_pipeline(model, "ddim")
    made = list(make_pictures(pipeline, list(PROMPTS), 20, 2.5, seed))
    side = made[0].shape[0] * scale
    rows = -(-len(made) // COLUMNS)
    size = [count * side + (count - 1) * GAP_PX for count in (COLUMNS, rows)]
    sheet = Image.new("RGBA", (size[0], size[1]), (0, 0, 0, 0))
    for number, picture in enumerate(made):
        place = [at * (side + GAP_PX) for at in (number % COLUMNS, number // COLUMNS)]
        large = Image.fromarray(picture).resize((side, side), Image.Resampling.LANCZOS)
        sheet.paste(large, (place[0], place[1]))
    image.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(image, optimize=True)
