"""Picture files for tests: drawn by Pillow, or put together chunk by chunk."""

import io
import struct
import zlib
from typing import Any

from PIL import Image


def save(picture: Image.Image, image_format: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, image_format, **options)
    return file.getvalue()


def plain(
    width: int = 64, height: int = 64, colour: Any = (200, 40, 40), mode: str = "RGB"
) -> bytes:
    return save(Image.new(mode, (width, height), colour))


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(
    width: int, height: int, rows: bytes, *extra: bytes, depth: int = 8, kind: int = 2
) -> bytes:
    """A PNG of any header; `kind` is its colour type, `extra` chunks go before the pixels."""
    head = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, 0)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", head),
            *extra,
            chunk(b"IDAT", zlib.compress(rows, 9)),
            chunk(b"IEND", b""),
        )
    )


def chunks_of(data: bytes) -> list[bytes]:
    """The kinds of a PNG's chunks; whatever follows them too."""
    found, place = [], 8
    while place < len(data):
        [size] = struct.unpack(">I", data[place : place + 4])
        found.append(data[place + 4 : place + 8])
        place += 12 + size
    return found


def animation(image_format: str) -> bytes:
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "blue")]
    return save(frames[0], image_format, save_all=True, append_images=frames[1:], duration=100)


# 81 megapixels of one colour, in some ten kilobytes
FLAT_81_MEGAPIXELS = png(9000, 9000, b"\0" * (9000 * (1125 + 1)), depth=1, kind=0)
TEXT_BOMB = png(2, 2, b"\0" * 14, chunk(b"zTXt", b"a\0\0" + zlib.compress(b"a" * 20_000_000)))
