"""Input pictures: what each kind becomes, what is refused, and that nothing else comes through."""

import io
import struct
import zipfile
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PIL.Image import Transpose
from PIL.PngImagePlugin import PngInfo

from shared.assets.decode_base64 import decode_base64
from shared.assets.read_picture import MAX_SIDE_PX, Picture, PictureFile, read_picture
from shared.errors import DomainError, ImageTooLarge, InvalidImage, UnsupportedImage
from tests.unit.shared.pictures import (
    FLAT_81_MEGAPIXELS,
    TEXT_BOMB,
    animation,
    chunk,
    chunks_of,
    plain,
    png,
    save,
)

MAX_PIXELS = 16_777_216


def read(data: bytes, **called: str) -> Picture:
    return read_picture(PictureFile(data=data, pointer="/file", **called), MAX_PIXELS)


def first_pixel(picture: Picture) -> Any:
    with Image.open(io.BytesIO(picture.data)) as opened:
        return opened.getpixel((0, 0))


KINDS: dict[str, tuple[bytes, tuple[int, ...]]] = {
    "grey": (plain(colour=90, mode="L"), (90, 90, 90)),
    "black and white": (plain(colour=1, mode="1"), (255, 255, 255)),
    "palette": (save(Image.new("RGB", (4, 4), "red").quantize(4)), (255, 0, 0)),
    "16 bits of grey": (save(Image.new("I;16", (4, 4), 40_000)), (156, 156, 156)),
    "16 bits of colour": (
        png(1, 1, b"\0" + struct.pack(">HHH", 40_000, 20_000, 65_535), depth=16),
        (156, 78, 255),
    ),
    "cmyk": (save(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG"), (255, 0, 0)),
    "webp": (save(Image.new("RGB", (4, 4), (0, 0, 255)), "WEBP", lossless=True), (0, 0, 255)),
    "several in a jpeg": (
        save(
            Image.new("RGB", (8, 8), (128, 128, 128)),
            "MPO",
            save_all=True,
            append_images=[Image.new("RGB", (8, 8))],
        ),
        (128, 128, 128),
    ),
    "opaque alpha": (plain(colour=(1, 2, 3, 255), mode="RGBA"), (1, 2, 3)),
    "alpha": (plain(colour=(1, 2, 3, 128), mode="RGBA"), (1, 2, 3, 128)),
    "grey with alpha": (plain(colour=(9, 7), mode="LA"), (9, 9, 9, 7)),
    "one colour transparent": (
        save(Image.new("RGB", (4, 4), (1, 2, 3)), transparency=(1, 2, 3)),
        (1, 2, 3, 0),
    ),
    "palette with alpha": (
        save(Image.new("P", (4, 4)), transparency=b"\x40"),
        (0, 0, 0, 64),
    ),
}


@pytest.mark.parametrize(("data", "pixel"), KINDS.values(), ids=KINDS)
def test_every_kind_becomes_eight_bits_of_colour(data: bytes, pixel: tuple[int, ...]) -> None:
    picture = read(data)
    assert first_pixel(picture) == pixel
    assert picture.has_alpha == (len(pixel) == 4)


# how a camera that was held so stores what it saw
AS_STORED = {
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_90,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_270,
}


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("image_format", ["JPEG", "PNG", "WEBP"])
def test_a_picture_lies_as_its_camera_meant(orientation: int, image_format: str) -> None:
    upright = Image.new("RGB", (32, 16), "white")
    upright.paste("red", (0, 0, 16, 8))  # its upper left
    stored = upright
    if orientation > 1:
        stored = upright.transpose(AS_STORED[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = read(save(stored, image_format, exif=exif, quality=95))
    assert (picture.width_px, picture.height_px) == (32, 16)
    with Image.open(io.BytesIO(picture.data)) as opened:
        red, white = opened.getpixel((4, 4)), opened.getpixel((28, 12))
    assert isinstance(red, tuple)
    assert isinstance(white, tuple)
    assert red[1] < 80
    assert min(white) > 200


def test_nothing_but_pixels_is_kept() -> None:
    exif, text, archive = Image.Exif(), PngInfo(), io.BytesIO()
    exif[0x8825] = {1: "N", 2: (52.0, 31.0, 12.0)}
    text.add_text("Comment", "SECRET")
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("SECRET.sh", "echo SECRET")
    sent = save(
        Image.new("RGB", (8, 8)), exif=exif, pnginfo=text, icc_profile=b"SECRET" * 30, dpi=(72, 72)
    )
    picture = read(sent + archive.getvalue())
    assert set(chunks_of(picture.data)) == {b"IHDR", b"IDAT", b"IEND"}
    assert b"SECRET" not in picture.data


REFUSED: dict[str, tuple[bytes, type[DomainError]]] = {
    "empty": (b"", UnsupportedImage),
    "text": (b"hello, world", UnsupportedImage),
    "svg": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', UnsupportedImage),
    "pdf": (b"%PDF-1.7\n", UnsupportedImage),
    "eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", UnsupportedImage),
    "gif": (save(Image.new("RGB", (4, 4)), "GIF"), UnsupportedImage),
    "tiff": (save(Image.new("RGB", (4, 4)), "TIFF"), UnsupportedImage),
    "bmp": (save(Image.new("RGB", (4, 4)), "BMP"), UnsupportedImage),
    "animated png": (animation("PNG"), UnsupportedImage),
    "animated webp": (animation("WEBP"), UnsupportedImage),
    "no pixels": (png(0, 5, b""), UnsupportedImage),
    "a header of 900 megapixels": (png(30_000, 30_000, b""), ImageTooLarge),
    "a header of 90 megapixels": (png(9_000, 10_000, b""), ImageTooLarge),
    "81 megapixels in ten kilobytes": (FLAT_81_MEGAPIXELS, ImageTooLarge),
    "one pixel too many": (png(4097, 4096, b""), ImageTooLarge),
    "a ribbon": (png(MAX_SIDE_PX + 1, 1, b""), ImageTooLarge),
    "a bomb of text": (TEXT_BOMB, InvalidImage),
    "half a png": (plain(300, 300)[:200], InvalidImage),
    "half a jpeg": (save(Image.effect_noise((99, 99), 50), "JPEG")[:900], InvalidImage),
    "half a webp": (save(Image.effect_noise((99, 99), 50), "WEBP")[:300], InvalidImage),
    "no pixels at all": (png(8, 8, b""), InvalidImage),
}


@pytest.mark.parametrize(("data", "error"), REFUSED.values(), ids=REFUSED)
def test_a_bad_file_is_refused(data: bytes, error: type[DomainError]) -> None:
    with pytest.raises(error) as caught:
        read(data)
    assert str(caught.value).startswith("/file: ")


def test_the_bombs_are_small() -> None:
    assert len(FLAT_81_MEGAPIXELS) < 12_000
    assert len(TEXT_BOMB) < 30_000


@pytest.mark.parametrize(
    "called",
    [{"file_name": "a.png"}, {"media_type": "image/webp"}, {"media_type": "image/svg+xml"}],
)
def test_a_name_that_lies_is_refused(called: dict[str, str]) -> None:
    data = save(Image.new("RGB", (8, 8)), "JPEG")
    with pytest.raises(UnsupportedImage, match="holds JPEG"):
        read(data, **called)


@pytest.mark.parametrize(
    "called",
    [
        {},
        {"file_name": "a.jpg", "media_type": "image/jpeg"},
        {"file_name": "A.JPEG", "media_type": "IMAGE/JPEG; q=1"},
        {"file_name": "../../etc/passwd", "media_type": "application/octet-stream"},
    ],
)
def test_a_name_that_says_nothing_wrong_is_taken(called: dict[str, str]) -> None:
    assert read(save(Image.new("RGB", (8, 8)), "JPEG"), **called).width_px == 8


def test_broken_exif_spoils_no_picture() -> None:
    broken = chunk(b"eXIf", b"no TIFF at all")
    assert read(png(1, 1, b"\0\1\2\3", broken)).width_px == 1


def test_the_same_pixels_give_the_same_bytes() -> None:
    assert read(plain()).sha256 == read(save(Image.new("RGB", (64, 64), (200, 40, 40)))).sha256


WHOLE = [
    plain(9, 9),
    save(Image.new("RGB", (9, 9)), "JPEG"),
    save(Image.new("RGB", (9, 9)), "WEBP"),
]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(WHOLE), st.data())
def test_any_bytes_are_a_picture_or_an_error_of_ours(whole: bytes, data: st.DataObject) -> None:
    broken = bytearray(whole)
    for _ in range(data.draw(st.integers(0, 4))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(0, len(broken)))
    try:
        picture = read(bytes(broken[:end]))
    except (InvalidImage, UnsupportedImage, ImageTooLarge):
        return
    assert read(picture.data) == picture


@pytest.mark.parametrize(
    "text",
    ["QUJD", "QUJD\n", " QU JD", "data:image/png;base64,QUJD", "data:;base64,QUJD",
     "data:image/png;name=a.png;base64,QUJD"],
)  # fmt: skip
def test_base64_is_taken_plain_or_as_a_data_url(text: str) -> None:
    assert decode_base64(text, "/image").data == b"ABC"


@pytest.mark.parametrize("text", ["QUJ", "Q-_D", "é", "data:image/png,QUJD", "****"])
def test_what_is_not_base64_is_refused(text: str) -> None:
    with pytest.raises(InvalidImage, match="is not base64"):
        decode_base64(text, "/image")


def test_a_data_url_says_what_it_is() -> None:
    assert decode_base64("data:image/webp;base64,QUJD", "/image").media_type == "image/webp"
