"""Input pictures: what decodes, and what must not be decoded."""

import io
import zlib

import pytest
from PIL import Image

from worker.read_picture import MAX_PIXELS, InputUnreadable, read_picture


def encode(picture: Image.Image, image_format: str = "PNG") -> bytes:
    file = io.BytesIO()
    picture.save(file, image_format)
    return file.getvalue()


MODES = {
    "PNG": ("1", "L", "LA", "P", "RGB", "RGBA", "I;16"),
    "JPEG": ("L", "RGB", "CMYK"),
    "WEBP": ("L", "RGB", "RGBA"),
    "GIF": ("1", "L", "P", "RGBA"),
}


@pytest.mark.parametrize("image_format", MODES)
def test_every_kind_of_picture_becomes_rgba(image_format: str) -> None:
    for mode in MODES[image_format]:
        read = read_picture(encode(Image.new(mode, (12, 9)), image_format))
        assert (read.mode, read.size) == ("RGBA", (12, 9)), mode


def test_what_is_transparent_stays_so() -> None:
    picture = Image.new("RGBA", (4, 4), (10, 20, 30, 0))
    assert read_picture(encode(picture)).getpixel((1, 1)) == (10, 20, 30, 0)


def _claiming(width_px: int, height_px: int) -> bytes:
    """A PNG whose header claims more than it holds."""
    data = bytearray(encode(Image.new("L", (8, 8))))
    data[16:24] = width_px.to_bytes(4, "big") + height_px.to_bytes(4, "big")
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    return bytes(data)


PICTURE = encode(Image.effect_noise((64, 64), 50).convert("RGB"))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no picture",
        PICTURE[:20],
        PICTURE[: len(PICTURE) // 2],
        PICTURE[:60] + b"\xff" * 40 + PICTURE[100:],
        encode(Image.new("RGB", (8, 8)), "TIFF"),
        encode(Image.new("RGB", (8, 8)), "PDF"),
        _claiming(MAX_PIXELS // 1000 + 1, 1000),
        _claiming(30_000, 30_000),
        _claiming(0, 5),
    ],
    ids=["nothing", "text", "head", "half", "torn", "tiff", "pdf", "large", "bomb", "flat"],
)
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(InputUnreadable):
        read_picture(data)
