"""From the bytes of a hostile file to a picture of our own writing."""

import hashlib
import io
from dataclasses import dataclass
from pathlib import PurePath

from PIL import Image, UnidentifiedImageError
from PIL.Image import Transpose

from shared.errors import ImageTooLarge, InvalidImage, UnsupportedImage

MAX_SIDE_PX = 16_384
FORMATS = {"png": "PNG", "jpeg": "JPEG", "jpg": "JPEG", "webp": "WEBP"}

_NAMES = "a PNG, JPEG or WebP picture"
_ORIENTATION = 0x0112
_UPRIGHT = {  # what an EXIF orientation says was done to the picture, undone
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_270,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_90,
}
_OPAQUE = (255, 255)


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureFile:
    """A file as it was sent, and what its sender calls it; `pointer` names the field it came in."""

    data: bytes
    pointer: str
    media_type: str = ""
    file_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture as we keep it: PNG, upright, 8 bits, RGB or RGBA, and nothing but pixels."""

    data: bytes
    width_px: int
    height_px: int
    has_alpha: bool
    sha256: str


def read_picture(file: PictureFile, max_pixels: int) -> Picture:
    """Decode a file and write it anew, so that nothing of it is kept but what it shows.

    The size is checked by the header, before anything is decoded. Grey and palette become RGB, 16
    bits the upper 8, CMYK what it is without its profile; profiles, EXIF and text go. Of a JPEG
    that holds several pictures the first counts.

    Raises:
        UnsupportedImage: It is none of the formats, is animated, or is not what it is called.
        ImageTooLarge: It has more than `max_pixels`, or a side is longer than `MAX_SIDE_PX`.
        InvalidImage: It is damaged.
    """
    try:
        with Image.open(io.BytesIO(file.data), formats=sorted(set(FORMATS.values()))) as opened:
            _check_head(file, opened, max_pixels)
            return _rewrite(opened)
    except (UnsupportedImage, ImageTooLarge):
        raise
    except UnidentifiedImageError as error:
        raise UnsupportedImage(file.pointer, f"is not {_NAMES}") from error
    except Image.DecompressionBombError as error:
        raise ImageTooLarge(file.pointer, _too_large(max_pixels)) from error
    except Exception as error:  # decoders of hostile bytes raise whatever they trip over
        raise InvalidImage(file.pointer, "is damaged: it cannot be decoded to its end") from error


def _check_head(file: PictureFile, opened: Image.Image, max_pixels: int) -> None:
    """Raise unless what the header promises can be taken.

    Raises:
        UnsupportedImage: It is animated, or is not what it is called.
        ImageTooLarge: It has too many pixels.
    """
    found = "JPEG" if opened.format == "MPO" else opened.format
    for called in _list_called(file):
        if FORMATS.get(called) != found:
            raise UnsupportedImage(file.pointer, f"is called {called} and holds {found}")
    if found != "JPEG" and getattr(opened, "n_frames", 1) > 1:
        raise UnsupportedImage(file.pointer, "is animated; send one frame of it")
    width_px, height_px = opened.size
    if width_px * height_px > max_pixels or max(width_px, height_px) > MAX_SIDE_PX:
        raise ImageTooLarge(file.pointer, _too_large(max_pixels))


def _list_called(file: PictureFile) -> list[str]:
    """Return what the sender says it is, where that is a kind of picture."""
    called = []
    kind, _, name = file.media_type.partition(";")[0].strip().lower().partition("/")
    if kind == "image":
        called.append(name)
    extension = PurePath(file.file_name).suffix.lower().removeprefix(".")
    if extension in FORMATS:
        called.append(extension)
    return called


def _rewrite(opened: Image.Image) -> Picture:
    upright = _UPRIGHT.get(_read_orientation(opened))
    pixels = _to_colour(opened)
    if upright is not None:
        pixels = pixels.transpose(upright)
    pixels.info = {}  # Pillow would write some of it into the new file
    file = io.BytesIO()
    pixels.save(file, "PNG", compress_level=1)
    data = file.getvalue()
    return Picture(
        data=data,
        width_px=pixels.width,
        height_px=pixels.height,
        has_alpha=pixels.mode == "RGBA",
        sha256=hashlib.sha256(data).hexdigest(),
    )


def _read_orientation(opened: Image.Image) -> int:
    try:
        value = opened.getexif().get(_ORIENTATION)
    except Exception:  # noqa: BLE001 - a picture with broken EXIF is still a picture
        return 1
    return value if isinstance(value, int) else 1


def _to_colour(opened: Image.Image) -> Image.Image:
    opened.load()
    if opened.mode.startswith(("I", "F")):  # 16 bits of grey; Pillow would clip, not scale
        return opened.point(lambda value: value * (1 / 256)).convert("L").convert("RGB")
    if not opened.has_transparency_data:
        return opened.convert("RGB")
    with_alpha = opened.convert("RGBA")
    is_opaque = with_alpha.getchannel("A").getextrema() == _OPAQUE
    return with_alpha.convert("RGB") if is_opaque else with_alpha


def _too_large(max_pixels: int) -> str:
    return f"must have at most {max_pixels:,} pixels and no side over {MAX_SIDE_PX:,}"
