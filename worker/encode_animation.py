"""From frames to the bytes of an animated file that plays in a loop."""

import io
import json
from collections.abc import Sequence
from typing import Any

from PIL import Image

from shared.images.formats import AnimationFormat
from worker.encode_image import Pixels, as_exif

FOREVER = 0
# A GIF counts in hundredths of a second, and viewers slow down what lasts less than two of them.
UNIT_MS: dict[AnimationFormat, int] = {"gif": 10, "webp": 1}
SHORTEST_MS: dict[AnimationFormat, int] = {"gif": 20, "webp": 1}
NUM_COLOURS = 256
SAMPLE_SIDE_PX = 96


def encode_animation(
    frames: Sequence[Pixels],
    fps: float,
    image_format: AnimationFormat,
    quality: int,
    made_from: dict[str, Any] | None,
) -> bytes:
    """Encode frames of one size.

    Args:
        frames: At least one, each (H, W, 3).
        fps: Frames a second; a GIF shows 50 at most.
        image_format: What to write.
        quality: 1 to 100, for WebP.
        made_from: What the file says of its making: as the comment of a GIF, as the EXIF
            description of a WebP. None writes nothing.
    """
    pictures = [Image.fromarray(frame) for frame in frames]
    durations_ms = find_durations(len(frames), fps, image_format)
    file = io.BytesIO()
    if image_format == "gif":
        pictures = _with_one_palette(pictures)
        options: dict[str, Any] = {"optimize": False, "disposal": 1}
        if made_from is not None:
            options["comment"] = json.dumps(made_from).encode("ascii")
    else:
        options = {"quality": quality, "method": 4}
        if made_from is not None:
            options["exif"] = as_exif(made_from)
    pictures[0].save(
        file,
        image_format.upper(),
        save_all=True,
        append_images=pictures[1:],
        duration=durations_ms,
        loop=FOREVER,
        **options,
    )
    return file.getvalue()


def find_durations(num_frames: int, fps: float, image_format: AnimationFormat) -> list[int]:
    """Return how long each frame lasts, in ms, so that what is rounded off does not add up."""
    unit_ms = UNIT_MS[image_format]
    ends = [round(1000 * (k + 1) / fps / unit_ms) * unit_ms for k in range(num_frames)]
    starts = [0, *ends]
    return [
        max(SHORTEST_MS[image_format], end - start)
        for start, end in zip(starts, ends, strict=False)
    ]


def _with_one_palette(pictures: Sequence[Image.Image]) -> list[Image.Image]:
    """Reduce to the colours that all frames share, so that none flickers against the next."""
    small = [one.copy() for one in pictures]
    for one in small:
        one.thumbnail((SAMPLE_SIDE_PX, SAMPLE_SIDE_PX), Image.Resampling.NEAREST)
    sample = Image.new("RGB", (small[0].width, sum(one.height for one in small)))
    for number, one in enumerate(small):
        sample.paste(one, (0, number * one.height))
    palette = sample.quantize(NUM_COLOURS, Image.Quantize.MEDIANCUT)
    return [one.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG) for one in pictures]
