"""Two pictures side by side: how far apart, and which change explains it."""

import hashlib
import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cli.compare_pictures import compare_pictures, explain

Pixels = np.ndarray[Any, np.dtype[np.uint8]]
RECEIPT: dict[str, Any] = {
    "model": "mini",
    "weights_sha256": "a",
    "request": {"prompt": "x"},
    "inputs_sha256": {"image": "i"},
    "index": 0,
    "scheduler": "DDIMScheduler",
    "scheduler_config": {"steps_offset": 1},
    "versions": {"torch": "2.12.0", "diffusers": "0.42"},
    "device": "AMD EPYC, AVX512",
    "dtype": "float32",
}
PLAIN: Pixels = np.full((8, 10, 3), 100, np.uint8)


def encode(pixels: Pixels) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def receipt(pixels: Pixels, **changes: Any) -> dict[str, Any]:
    digest = hashlib.sha256(pixels.tobytes()).hexdigest()
    return RECEIPT | {"pixels_sha256": digest} | changes


def shifted(by: int) -> Pixels:
    pixels = PLAIN.copy()
    pixels[0, 0, 0] += by
    return pixels


def test_the_same_is_said_to_be_the_same() -> None:
    made = compare_pictures(encode(PLAIN), encode(PLAIN), receipt(PLAIN), receipt(PLAIN))
    assert (made.is_same, made.max_difference, made.psnr_db) == (True, 0, None)
    assert (made.share_different, made.changed) == (0, {})
    assert "the same, value for value" in explain(made)


def test_a_difference_has_a_size() -> None:
    other = shifted(40)
    made = compare_pictures(encode(PLAIN), encode(other), receipt(PLAIN), receipt(other))
    assert (made.is_same, made.max_difference) == (False, 40)
    assert made.share_different == pytest.approx(1 / 240)
    assert made.psnr_db == pytest.approx(10 * np.log10(255**2 / (40**2 / 240)))
    assert "please report" in explain(made)


@pytest.mark.parametrize(
    ("changes", "named", "said"),
    [
        ({"weights_sha256": "b", "device": "A"}, ["device", "weights_sha256"], "weights"),
        ({"inputs_sha256": {"image": "j"}}, ["inputs_sha256.image"], "begins with"),
        ({"scheduler": "X"}, ["scheduler"], "scheduler is set up otherwise"),
        ({"scheduler_config": {}}, ["scheduler_config.steps_offset"], "scheduler is set up"),
        (
            {"versions": {"torch": "2.13.0", "diffusers": "0.42"}, "device": "NVIDIA H200"},
            ["device", "versions.torch"],
            "another device and another torch",
        ),
        ({"dtype": "float16"}, ["dtype"], "another dtype"),
    ],
)
def test_what_changed_is_named(changes: dict[str, Any], named: list[str], said: str) -> None:
    other = shifted(90)
    made = compare_pictures(encode(PLAIN), encode(other), receipt(PLAIN), receipt(other, **changes))
    assert sorted(made.changed) == named
    assert said in explain(made)
    assert "another picture" in explain(made)


def test_company_is_named_where_nothing_else_is_left() -> None:
    other = shifted(1)
    made = compare_pictures(encode(PLAIN), encode(other), receipt(PLAIN), receipt(other))
    assert "company" in explain(made)
    assert "report" not in explain(made)


def test_what_nobody_sees_is_not_called_another_picture() -> None:
    other = shifted(1)
    now = receipt(other, device="NVIDIA H200")
    said = explain(compare_pictures(encode(PLAIN), encode(other), receipt(PLAIN), now))
    assert "looks the same" in said
    assert "another picture" not in said


def test_a_file_that_was_changed_is_told_from_a_picture_that_comes_out_otherwise() -> None:
    made = compare_pictures(encode(shifted(9)), encode(PLAIN), receipt(PLAIN), receipt(PLAIN))
    assert not made.is_same
    assert "its file has been changed" in explain(made)


def test_lossy_files_may_agree_where_the_pictures_do_not() -> None:
    made = compare_pictures(encode(PLAIN), encode(PLAIN), receipt(PLAIN), receipt(shifted(1)))
    assert (made.is_same, made.max_difference) == (False, 0)


def test_pictures_of_two_sizes_or_without_receipts_are_compared_too() -> None:
    larger = np.full((16, 10, 3), 100, np.uint8)
    made = compare_pictures(encode(PLAIN), encode(larger), None, receipt(larger))
    assert (made.is_same, made.max_difference, made.share_different) == (False, None, 1)
    assert "no receipt" in explain(made)
    assert compare_pictures(encode(PLAIN), encode(PLAIN), None, None).is_same


def test_every_frame_of_an_animation_counts() -> None:
    def animate(last: Pixels) -> bytes:
        frames = [Image.fromarray(one) for one in (PLAIN, shifted(9), last)]
        file = io.BytesIO()
        frames[0].save(file, "WEBP", save_all=True, append_images=frames[1:], lossless=True)
        return file.getvalue()

    one, other = animate(shifted(20)), animate(shifted(24))
    assert compare_pictures(one, one, None, None).is_same
    assert compare_pictures(one, other, None, None).max_difference == 4
