"""The contact sheet: every picture is on it, and every seed under its own."""

from typing import Any

import numpy as np
import pytest

from worker.contact_sheet import WIDEST_SHEET_PX, draw_contact_sheet

Pixels = np.ndarray[Any, np.dtype[np.uint8]]
RECIPE = "mini · 64 x 96 · 12 steps"


def plain(red: int, green: int, blue: int, *, height: int = 64, width: int = 64) -> Pixels:
    return np.full((height, width, 3), (red, green, blue), np.uint8)


def colours(*, of: int) -> list[Pixels]:
    return [plain(40, 20 * k, 10 * k) for k in range(of)]


def find(sheet: Pixels, colour: Pixels) -> tuple[int, int, int, int]:
    """Return where a colour lies: top, bottom, left, right."""
    rows, columns = np.nonzero((sheet == colour[0, 0]).all(axis=2))
    assert len(rows), "it is not there"
    return rows.min(), rows.max() + 1, columns.min(), columns.max() + 1


@pytest.mark.parametrize(("count", "columns"), [(1, 1), (2, 2), (3, 3), (4, 2), (5, 3), (10, 4)])
def test_pictures_stand_in_rows_in_their_order(count: int, columns: int) -> None:
    pictures = colours(of=count)
    sheet = draw_contact_sheet(pictures, [str(k) for k in range(count)], "a title", RECIPE)
    places = [find(sheet, picture) for picture in pictures]
    assert places == sorted(places)  # from the top, and from the left
    for k, (top, bottom, left, right) in enumerate(places):
        assert (bottom - top, right - left) == (192, 192)  # enlarged by a whole factor
        assert top == places[k // columns * columns][0]
        assert left == places[k % columns][2]
    assert len({left for _, _, left, _ in places}) == columns


def test_the_label_stands_under_its_picture_and_changes_with_it() -> None:
    pictures = colours(of=2)
    one, other = (
        draw_contact_sheet(pictures, ["seed 1", second], "a title", RECIPE)
        for second in ("seed 2", "seed 3")
    )
    rows, columns = np.nonzero((one != other).any(axis=2))
    _, bottom, left, right = find(one, pictures[1])
    assert rows.min() >= bottom
    assert left <= columns.min() <= columns.max() < right


@pytest.mark.parametrize("title", ["word " * 6000, "x" * 32_000, "ein Stück\nglühendes 漢字"])
def test_any_prompt_fits(title: str) -> None:
    sheet = draw_contact_sheet(colours(of=4), ["1"] * 4, title, RECIPE)
    assert (sheet[:, -20:] == 255).all()  # nothing runs over the margin
    longest = draw_contact_sheet(colours(of=4), ["1"] * 4, "two lines " * 10, RECIPE)
    assert sheet.shape[0] <= longest.shape[0]


def test_large_and_many_pictures_are_made_smaller() -> None:
    large = [plain(9, 9, k, height=512, width=2048) for k in range(3)]
    top, bottom, left, right = find(draw_contact_sheet(large, ["1"] * 3, "", RECIPE), large[1])
    assert (bottom - top, right - left) == (128, 512)
    many = draw_contact_sheet([plain(1, 2, 3, width=512)] * 82, ["1"] * 82, "", RECIPE)
    assert many.shape[1] <= WIDEST_SHEET_PX
