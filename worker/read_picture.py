"""From the bytes of a stored file to pixels, however odd the bytes are."""

import io

from PIL import Image

FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
# more than an upload may hold and than any model makes; nothing larger is decoded
MAX_PIXELS = 1 << 26


class InputUnreadable(Exception):
    """The bytes are no picture that is read here; the message says why."""


def read_picture(data: bytes) -> Image.Image:
    """Decode a picture, or the first frame of an animation, to RGBA.

    Raises:
        InputUnreadable: It is no picture, a broken one, or larger than any that is stored.
    """
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise InputUnreadable(f"{picture.width} x {picture.height} pixels are too many")
            return picture.convert("RGBA")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise InputUnreadable(f"it does not decode ({type(error).__name__})") from error
