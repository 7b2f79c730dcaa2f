"""What the engine starts with: pictures at the size of the request, and masks."""

from typing import Any

import numpy as np
from PIL import Image

from tests.unit.worker.requests import ASSET, resolved
from worker.make_start import list_sources, make_start

SEEN, HIDDEN = (200, 30, 40, 255), (0, 0, 255, 0)
FROM_PICTURE: dict[str, Any] = {"task": "image-to-image", "image": ASSET, "strength": 0.5}


def with_hole(width: int, height: int, hole: tuple[int, int, int, int]) -> Image.Image:
    picture = Image.new("RGBA", (width, height), SEEN)
    picture.paste(HIDDEN, hole)
    return picture


def test_a_picture_of_the_right_size_stays_as_it_is() -> None:
    noise = Image.effect_noise((96, 64), 60).convert("RGBA")
    start = make_start(resolved(**FROM_PICTURE), {"image": noise})
    assert np.array_equal(start.pixels, np.asarray(noise.convert("RGB")))
    assert (start.strength, start.mask, start.toward) == (0.5, None, None)


def test_a_picture_is_scaled_to_cover_and_cut_at_its_middle() -> None:
    wide = Image.new("RGBA", (400, 128), (255, 0, 0, 255))
    wide.paste((0, 255, 0, 255), (100, 0, 300, 128))  # the middle, 200 wide: more than is kept
    start = make_start(resolved(**FROM_PICTURE), {"image": wide})
    assert start.pixels.shape == (64, 96, 3)
    assert (start.pixels[:, 4:-4] == (0, 255, 0)).all()  # Lanczos looks a little past the cut


def test_what_is_transparent_counts_as_white() -> None:
    start = make_start(resolved(**FROM_PICTURE), {"image": with_hole(96, 64, (0, 0, 48, 64))})
    assert (start.pixels[:, :48] == 255).all()
    assert (start.pixels[:, 48:] == SEEN[:3]).all()


def test_a_mask_is_scaled_with_its_picture_and_stays_sharp() -> None:
    mask = Image.new("RGBA", (192, 128), "black")
    mask.paste("white", (0, 0, 96, 128))
    asked = resolved(task="inpaint", image=ASSET, mask=ASSET, strength=1.0)
    pictures = {"image": Image.new("RGBA", (192, 128), SEEN), "mask": mask}
    start = make_start(asked, pictures)
    assert start.mask is not None
    assert start.mask.shape == (64, 96)
    assert (start.mask[:, :48] == 255).all()
    assert (start.mask[:, 48:] == 0).all()


def test_without_a_mask_what_is_transparent_is_painted() -> None:
    asked = resolved(task="inpaint", image=ASSET, strength=1.0)
    start = make_start(asked, {"image": with_hole(96, 64, (32, 0, 96, 64))})
    assert start.mask is not None
    assert (start.mask[:, :32] == 0).all()
    assert (start.mask[:, 32:] == 255).all()


def test_margins_are_added_to_the_picture_and_are_what_is_painted() -> None:
    margins = {"left": 32, "right": 0, "top": 16, "bottom": 8}
    asked = resolved(task="outpaint", image=ASSET, margins=margins, strength=1.0)
    start = make_start(asked, {"image": Image.new("RGBA", (64, 40), SEEN)})
    assert start.pixels.shape == (64, 96, 3)
    assert start.mask is not None
    kept = np.zeros((64, 96), bool)
    kept[16:56, 32:] = True
    assert ((start.mask == 0) == kept).all()
    assert (start.pixels[kept] == SEEN[:3]).all()


def test_an_interpolation_goes_from_one_picture_to_another() -> None:
    other = {"job": "job_" + "0" * 32, "index": 3}
    ends = {"seed": 1, "prompt": ""}
    asked = resolved(
        task="interpolate", num_frames=4, fps=8, output={"format": "webp"}, strength=0.6,
        start=ends | {"image": ASSET}, end=ends | {"image": other},
    )  # fmt: skip
    assert set(list_sources(asked)) == {"image", "toward"}
    dark, light = (Image.new("RGBA", (96, 64), (k, k, k)) for k in (0, 200))
    start = make_start(asked, {"image": dark, "toward": light})
    assert start.toward is not None
    assert (start.pixels.max(), start.toward.min()) == (0, 200)
    assert list_sources(resolved()) == {}
