"""Animated files: their frames, how long each lasts, and that they loop."""

import io
import json
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageSequence

from shared.images.formats import AnimationFormat
from worker.encode_animation import encode_animation, find_durations

FORMATS: tuple[AnimationFormat, ...] = ("gif", "webp")
IMAGE_DESCRIPTION = 0x010E


def make_frames(count: int) -> list[np.ndarray[Any, np.dtype[np.uint8]]]:
    """A light square that moves over a blue-green slope."""
    slope = np.zeros((48, 64, 3), np.uint8)
    slope[..., 2] = np.linspace(40, 220, 64)
    slope[..., 1] = np.linspace(60, 120, 48)[:, None]
    frames = [slope.copy() for _ in range(count)]
    for k, frame in enumerate(frames):
        frame[10:30, 4 * k : 4 * k + 16] = (250, 240, 40)
    return frames


@pytest.mark.parametrize("image_format", FORMATS)
def test_every_frame_is_there_in_its_order(image_format: AnimationFormat) -> None:
    frames = make_frames(9)
    with Image.open(io.BytesIO(encode_animation(frames, 8, image_format, 95, None))) as animation:
        assert animation.format == image_format.upper()
        assert animation.info["loop"] == 0
        shown = [np.asarray(one.convert("RGB")) for one in ImageSequence.Iterator(animation)]
    assert len(shown) == len(frames)
    for frame, one in zip(frames, shown, strict=True):
        assert np.abs(frame.astype(float) - one).mean() < 5


@pytest.mark.parametrize("image_format", FORMATS)
@pytest.mark.parametrize("fps", [1, 7, 24, 30, 50])
def test_it_lasts_as_long_as_asked(image_format: AnimationFormat, fps: int) -> None:
    durations_ms = find_durations(49, fps, image_format)
    assert abs(sum(durations_ms) - 49_000 / fps) <= 5
    data = encode_animation(make_frames(5), fps, image_format, 80, None)
    with Image.open(io.BytesIO(data)) as animation:
        played_ms = []
        for one in ImageSequence.Iterator(animation):
            one.load()
            played_ms.append(one.info["duration"])
    assert played_ms == durations_ms[:5]


def test_a_gif_is_never_so_fast_that_viewers_slow_it_down() -> None:
    assert min(find_durations(20, 60, "gif")) == 20


@pytest.mark.parametrize("image_format", FORMATS)
def test_it_says_how_it_was_made_or_nothing(image_format: AnimationFormat) -> None:
    made_from = {"prompt": "ein Stück ♥", "seed": 4}
    for told in (made_from, None):
        data = encode_animation(make_frames(2), 5, image_format, 80, told)
        with Image.open(io.BytesIO(data)) as animation:
            comment: Any = animation.info.get("comment")
            if image_format == "webp":
                comment = animation.getexif().get(IMAGE_DESCRIPTION)
        assert (json.loads(comment) if comment else None) == told


@pytest.mark.parametrize("image_format", FORMATS)
def test_one_frame_is_a_file_too(image_format: AnimationFormat) -> None:
    with Image.open(io.BytesIO(encode_animation(make_frames(1), 8, image_format, 80, None))) as one:
        assert one.size == (64, 48)
