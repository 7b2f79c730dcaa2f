"""From the pictures that a request names to what the engine starts with."""

from collections.abc import Mapping

import numpy as np
from PIL import Image, ImageOps

from shared.jobs.request_fields import Margins, StoredPicture
from shared.jobs.resolved import ResolvedRequest
from worker.encode_image import Pixels
from worker.engine import outpaint
from worker.engine.request import StartPicture

WHITE = (255, 255, 255, 255)
WHOLE = 1.0


def list_sources(asked: ResolvedRequest) -> dict[str, StoredPicture]:
    """Return the pictures that a job begins with, under the names that `make_start` knows."""
    named = {
        "image": asked.start.image if asked.start else asked.image,
        "mask": asked.mask,
        "toward": asked.end.image if asked.end else None,
    }
    return {name: source for name, source in named.items() if source is not None}


def make_start(asked: ResolvedRequest, pictures: Mapping[str, Image.Image]) -> StartPicture:
    """Bring pictures to the size of the request: scaled to cover it, and cut at their middle.

    Args:
        asked: A request that names at least one picture.
        pictures: RGBA, one for each of `list_sources`.
    """
    strength = WHOLE if asked.strength is None else asked.strength
    if asked.margins is not None:
        pixels, mask = _extend(asked, asked.margins, pictures["image"])
        return StartPicture(pixels=pixels, strength=strength, mask=mask)
    size_px = (asked.width, asked.height)
    toward = pictures.get("toward")
    return StartPicture(
        pixels=_fit_colours(pictures["image"], size_px),
        strength=strength,
        mask=_fit_mask(pictures, size_px) if asked.task == "inpaint" else None,
        toward=None if toward is None else _fit_colours(toward, size_px),
    )


def _extend(asked: ResolvedRequest, added: Margins, image: Image.Image) -> tuple[Pixels, Pixels]:
    """Return the picture on its larger canvas, and the mask of what the canvas adds."""
    size_px = (asked.width - added.left - added.right, asked.height - added.top - added.bottom)
    margins = outpaint.Margins(
        left_px=added.left, right_px=added.right, top_px=added.top, bottom_px=added.bottom
    )
    return outpaint.extend_canvas(_fit_colours(image, size_px), margins)


def _fit_colours(image: Image.Image, size_px: tuple[int, int]) -> Pixels:
    on_white = Image.alpha_composite(Image.new("RGBA", image.size, WHITE), image)
    return np.array(ImageOps.fit(on_white.convert("RGB"), size_px, Image.Resampling.LANCZOS))


def _fit_mask(pictures: Mapping[str, Image.Image], size_px: tuple[int, int]) -> Pixels:
    """Return the mask that came along, or else what is transparent in the picture itself."""
    if "mask" in pictures:
        mask = pictures["mask"].convert("L")
    else:
        mask = ImageOps.invert(pictures["image"].getchannel("A"))
    return np.array(ImageOps.fit(mask, size_px, Image.Resampling.NEAREST))
