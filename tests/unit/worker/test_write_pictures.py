"""The files of a job and their receipts, for every task."""

import hashlib
import io
import json
import math
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageSequence

from shared.jobs.resolved import ResolvedRequest
from tests.unit.worker.requests import ASSET, resolved
from worker.describe_machine import Machine
from worker.engine.events import MadeWith
from worker.engine.request import StartPicture
from worker.make_receipt import Making, hash_pixels
from worker.write_pictures import WrittenPicture, write_pictures

Pixels = np.ndarray[Any, np.dtype[np.uint8]]
MACHINE = Machine(versions={"torch": "2"}, device="a device", dtype="float32")
CONFIG = {"lambda_min_clipped": -math.inf, "trained_betas": np.array([0.5]), "_class_name": "X"}


def make(asked: ResolvedRequest, start: StartPicture | None = None) -> Making:
    return Making(
        asked=asked,
        start=start,
        made_with=MadeWith("DDIMScheduler", CONFIG),
        weights_sha256="ab" * 32,
        machine=MACHINE,
    )


def pictures(count: int) -> list[Pixels]:
    """As a worker gets them; one lies in memory the other way round."""
    made = [np.full((64, 96, 3), (90, 20 * k, 40), np.uint8) for k in range(count)]
    made[0] = np.asfortranarray(made[0])
    return made


def write(asked: ResolvedRequest, count: int) -> list[WrittenPicture]:
    return list(write_pictures(make(asked), pictures(count)))


def open_(picture: WrittenPicture) -> Image.Image:
    return Image.open(io.BytesIO(picture.data))


def interpolation(**fields: Any) -> ResolvedRequest:
    ends = {"start": {"seed": 3, "prompt": "sun"}, "end": {"seed": 9, "prompt": "moon"}}
    return resolved(task="interpolate", num_frames=4, fps=8, **ends | fields)


def test_pictures_keep_their_order_and_seeds() -> None:
    written = write(resolved(num_images=3), 3)
    assert [(one.index, one.kind, one.seed, one.format) for one in written] == [
        (k, "image", 40 + k, "png") for k in range(3)
    ]
    for one, pixels in zip(written, pictures(3), strict=True):
        assert (one.width_px, one.height_px) == (96, 64)
        assert np.array_equal(np.asarray(open_(one)), pixels)


@pytest.mark.parametrize("image_format", ["png", "jpeg", "webp"])
def test_a_contact_sheet_comes_last(image_format: str) -> None:
    asked = resolved(num_images=2, output={"format": image_format, "contact_sheet": True})
    *images, sheet = write(asked, 2)
    assert [one.kind for one in images] == ["image", "image"]
    assert (sheet.kind, sheet.index, sheet.format) == ("contact-sheet", 2, image_format)
    assert open_(sheet).size == (sheet.width_px, sheet.height_px)
    assert sheet.width_px > 2 * 96


@pytest.mark.parametrize(("image_format", "still"), [("gif", "png"), ("webp", "webp")])
def test_frames_become_one_animation_and_their_sheet(image_format: str, still: str) -> None:
    output = {"format": image_format, "contact_sheet": True}
    animation, sheet = write(interpolation(output=output), 4)
    assert (animation.index, animation.kind, animation.format) == (0, "animation", image_format)
    with open_(animation) as opened:
        assert len(list(ImageSequence.Iterator(opened))) == 4
    assert (sheet.index, sheet.kind, sheet.format) == (1, "contact-sheet", still)


def test_a_file_says_how_it_was_made_but_not_what_its_tenant_keeps() -> None:
    asked = resolved(task="image-to-image", image=ASSET, strength=0.25)
    said = open_(write(asked, 1)[0]).info
    assert (said["task"], said["strength"], said["seed"]) == ("image-to-image", "0.25", "40")
    end = {"seed": 3, "prompt": "sun", "image": ASSET}
    moving = interpolation(start=end, end=end, strength=0.5, output={"format": "gif"})
    comment = json.loads(open_(write(moving, 4)[0]).info["comment"])
    assert comment["start"] == {"seed": 3, "prompt": "sun"}
    assert ASSET["asset"] not in str(said) + str(comment)
    silent = open_(write(resolved(output={"format": "png", "metadata": False}), 1)[0])
    assert "prompt" not in silent.info


def test_a_receipt_names_all_that_decides_and_fits_into_json() -> None:
    asked = resolved(num_images=2)
    receipt = write(asked, 2)[1].receipt.as_json()
    assert json.loads(json.dumps(receipt, allow_nan=False)) == receipt
    assert receipt == {
        "model": "mini",
        "weights_sha256": "ab" * 32,
        "request": asked.as_json(),
        "inputs_sha256": {},
        "index": 1,
        "seed": 41,
        "scheduler": "DDIMScheduler",
        "scheduler_config": {"lambda_min_clipped": "-inf", "trained_betas": [0.5]},
        "versions": {"torch": "2"},
        "device": "a device",
        "dtype": "float32",
        "pixels_sha256": hashlib.sha256(pictures(2)[1].tobytes()).hexdigest(),
    }


def test_the_hash_is_of_values_not_of_files() -> None:
    def hashes(**output: Any) -> list[str]:
        written = write(resolved(num_images=2, output=output), 2)
        return [one.receipt.pixels_sha256 for one in written]

    assert hashes(format="png") == hashes(format="jpeg", quality=10)
    first = open_(write(resolved(), 1)[0])
    assert hashlib.sha256(first.tobytes()).hexdigest() == hash_pixels(pictures(1)[0])
    animation = write(interpolation(output={"format": "gif"}), 4)[0]
    assert animation.receipt.pixels_sha256 == hash_pixels(*pictures(4))


def test_a_receipt_names_the_pictures_that_were_begun_with() -> None:
    image, mask = pictures(2)[1], np.zeros((64, 96), np.uint8)
    start = StartPicture(pixels=image, strength=0.5, mask=mask)
    [written] = write_pictures(make(resolved(), start), pictures(1))
    expected = {"image": hash_pixels(image), "mask": hash_pixels(mask)}
    assert written.receipt.inputs_sha256 == expected
