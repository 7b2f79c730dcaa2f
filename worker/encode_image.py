"""From pixels to the bytes of a file, and what the file says about how it was made."""

import base64
import io
import json
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from shared.images.formats import ImageFormat

Pixels = npt.NDArray[np.uint8]

_EXIF_IMAGE_DESCRIPTION = 0x010E
_EXIF_SOFTWARE = 0x0131
_SOFTWARE = "Atelier"
_PREVIEW_QUALITY = 60


def encode_image(
    pixels: Pixels, image_format: ImageFormat, quality: int, made_from: dict[str, Any] | None
) -> bytes:
    """Encode one picture.

    Args:
        pixels: 8-bit colour, (H, W, 3).
        image_format: What to write.
        quality: 1 to 100, for the formats that lose something.
        made_from: What the file says of its making: as text chunks of a PNG, as the EXIF
            description of the others. None writes nothing.
    """
    picture = Image.fromarray(pixels)
    file = io.BytesIO()
    if image_format == "png":
        picture.save(file, "PNG", pnginfo=_as_text_chunks(made_from))
    elif made_from is None:
        picture.save(file, image_format.upper(), quality=quality)
    else:
        picture.save(file, image_format.upper(), quality=quality, exif=as_exif(made_from))
    return file.getvalue()


def encode_preview(pixels: Pixels) -> str:
    """Return a small WebP picture in base64; `pixels` as for `encode_image`."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "WEBP", quality=_PREVIEW_QUALITY, method=0)
    return base64.b64encode(file.getvalue()).decode("ascii")


def _as_text_chunks(made_from: dict[str, Any] | None) -> PngInfo | None:
    if made_from is None:
        return None
    chunks = PngInfo()
    chunks.add_text("Software", _SOFTWARE)
    for name, value in made_from.items():
        chunks.add_itxt(name, value if isinstance(value, str) else json.dumps(value))
    return chunks


def as_exif(made_from: dict[str, Any]) -> Image.Exif:
    """Return what a picture says of its making, as the EXIF fields of its file."""
    exif = Image.Exif()
    exif[_EXIF_SOFTWARE] = _SOFTWARE
    exif[_EXIF_IMAGE_DESCRIPTION] = json.dumps(made_from)  # ASCII, as EXIF text must be
    return exif
