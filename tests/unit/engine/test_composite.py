"""Around a mask a picture stays as it was; inside it fades in."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.engine.composite import FEATHER_PX, composite
from worker.engine.outpaint import Margins, extend_canvas

SIZE_PX = 24


@given(seed=st.integers(0, 2**32 - 1), share=st.floats(0, 1))
def test_outside_any_mask_every_byte_is_kept(seed: int, share: float) -> None:
    chance = np.random.default_rng(seed)
    original, painted = _pictures(chance)
    mask = (255 * (chance.random((SIZE_PX, SIZE_PX)) < share)).astype(np.uint8)
    result = composite(painted, original, mask)
    assert np.array_equal(result[mask == 0], original[mask == 0])


def test_a_mask_of_all_gives_what_was_painted() -> None:
    original, painted = _pictures(np.random.default_rng(0))
    mask = np.full((SIZE_PX, SIZE_PX), 255, np.uint8)
    assert np.array_equal(composite(painted, original, mask), painted)


def test_the_new_fades_in_from_the_edge_and_only_inside() -> None:
    original = np.zeros((SIZE_PX, SIZE_PX, 3), np.uint8)
    painted = np.full_like(original, 250)
    mask = np.zeros((SIZE_PX, SIZE_PX), np.uint8)
    mask[:, 8:] = 255
    row = composite(painted, original, mask)[12, :, 0]
    assert row[:8].tolist() == [0] * 8
    assert row[8 : 8 + FEATHER_PX + 1].tolist() == [50, 100, 150, 200, 250]
    assert set(row[8 + FEATHER_PX :].tolist()) == {250}


def test_grey_is_rounded_as_diffusers_does() -> None:
    original, painted = _pictures(np.random.default_rng(0))
    for grey, expected in ((127, original), (128, painted)):
        mask = np.full((SIZE_PX, SIZE_PX), grey, np.uint8)
        assert np.array_equal(composite(painted, original, mask), expected)


def test_a_canvas_holds_the_picture_and_masks_the_rest() -> None:
    original, _ = _pictures(np.random.default_rng(1))
    margins = Margins(left_px=8, right_px=16, top_px=0, bottom_px=40)
    canvas, mask = extend_canvas(original, margins)
    assert canvas.shape == (SIZE_PX + 40, SIZE_PX + 24, 3)
    assert np.array_equal(canvas[:SIZE_PX, 8 : 8 + SIZE_PX], original)
    assert not mask[:SIZE_PX, 8 : 8 + SIZE_PX].any()
    assert (mask == 255).sum() == mask.size - SIZE_PX**2


@pytest.mark.parametrize("left_px", [0, -8])
def test_a_canvas_that_is_not_larger_is_refused(left_px: int) -> None:
    original, _ = _pictures(np.random.default_rng(1))
    with pytest.raises(ValueError, match="margins"):
        extend_canvas(original, Margins(left_px=left_px, right_px=0, top_px=0, bottom_px=0))


def _pictures(
    chance: np.random.Generator,
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    pictures = chance.integers(0, 256, (2, SIZE_PX, SIZE_PX, 3)).astype(np.uint8)
    return pictures[0], pictures[1]
