"""One picture of all the pictures of a job: tiles, each with its seed, under one recipe line."""

import math
from collections.abc import Sequence
from itertools import takewhile
from unicodedata import combining, normalize

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from worker.encode_image import Pixels

Font = ImageFont.FreeTypeFont

MARGIN_PX, GAP_PX = 28, 18
SMALLEST_TILE_PX, LARGEST_TILE_PX, NARROWEST_TILE_PX = 192, 512, 96
NARROWEST_TEXT_PX, WIDEST_SHEET_PX = 400, 4096
TITLE_LINES = 2
ALL_IN_ONE_ROW = 3
TITLE_PX, TEXT_PX, LINE_PX = 20, 15, 28
LABEL_GAP_PX = 6
PAPER, INK, FAINT = "#ffffff", "#1c1c1e", "#6e6e73"


def draw_contact_sheet(
    pictures: Sequence[Pixels], labels: Sequence[str], title: str, recipe: str
) -> Pixels:
    """Lay pictures of one size out in rows.

    Args:
        pictures: At least one, each (H, W, 3).
        labels: What is written under each; cut at its front where it is too wide.
        title: What they show; cut after a few lines.
        recipe: One line on how they were made.

    Returns:
        8-bit colour, (H', W', 3).
    """
    columns = _count_columns(len(pictures))
    tile = _tile_size(pictures[0], columns)
    width = max(columns * tile[0] + (columns - 1) * GAP_PX, NARROWEST_TEXT_PX)
    title_font, font = _font(TITLE_PX), _font(TEXT_PX)
    lines = _wrap(_as_ascii(title), title_font, width)
    head = len(lines) * LINE_PX + LINE_PX + GAP_PX // 2
    row = tile[1] + LABEL_GAP_PX + TEXT_PX + GAP_PX
    rows = math.ceil(len(pictures) / columns)
    size = (width + 2 * MARGIN_PX, head + rows * row - GAP_PX + 2 * MARGIN_PX)

    sheet = Image.new("RGB", size, PAPER)
    draw = ImageDraw.Draw(sheet)
    for number, line in enumerate(lines):
        draw.text((MARGIN_PX, MARGIN_PX + number * LINE_PX), line, INK, title_font)
    below = MARGIN_PX + len(lines) * LINE_PX
    draw.text((MARGIN_PX, below), _cut_end(recipe, font, width), FAINT, font)
    for number, (picture, label) in enumerate(zip(pictures, labels, strict=True)):
        left = MARGIN_PX + number % columns * (tile[0] + GAP_PX)
        top = MARGIN_PX + head + number // columns * row
        shown = Image.fromarray(picture).resize(tile, Image.Resampling.LANCZOS)
        sheet.paste(shown, (left, top))
        under = (left, top + tile[1] + LABEL_GAP_PX)
        draw.text(under, _cut_front(label, font, tile[0]), FAINT, font)
    return np.asarray(sheet)


def _count_columns(num_pictures: int) -> int:
    return num_pictures if num_pictures <= ALL_IN_ONE_ROW else math.ceil(math.sqrt(num_pictures))


def _tile_size(picture: Pixels, columns: int) -> tuple[int, int]:
    """Return width and height: readable where pictures are small, bounded where they are many."""
    height, width = picture.shape[:2]
    longest = max(width, height)
    if longest < SMALLEST_TILE_PX:
        side = longest * math.ceil(SMALLEST_TILE_PX / longest)  # whole, so that edges stay sharp
    else:
        side = min(longest, LARGEST_TILE_PX)
    widest = (WIDEST_SHEET_PX - 2 * MARGIN_PX + GAP_PX) // columns - GAP_PX
    side = max(NARROWEST_TILE_PX, min(side, widest))
    return max(1, round(width * side / longest)), max(1, round(height * side / longest))


def _font(size_px: int) -> Font:
    font = ImageFont.load_default(size_px)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise TypeError("Pillow was built without FreeType")
    return font


def _as_ascii(text: str) -> str:
    """Return one line of what Pillow's own font can draw, which is hardly more than ASCII."""
    plain = (one for one in normalize("NFKD", " ".join(text.split())) if not combining(one))
    return "".join(plain).encode("ascii", "replace").decode("ascii")


def _wrap(text: str, font: Font, width_px: int) -> list[str]:
    """Break text into a few lines between words; the last one tells that more was there."""
    lines: list[str] = []
    words = text.split(" ") if text else []
    while words and len(lines) < TITLE_LINES:
        count = 1
        while count < len(words) and font.getlength(" ".join(words[: count + 1])) <= width_px:
            count += 1
        is_last = len(lines) == TITLE_LINES - 1
        line = " ".join(words if is_last else words[:count])
        lines.append(_cut_end(line, font, width_px))
        words = words[count:]
    return lines


def _cut_end(text: str, font: Font, width_px: int) -> str:
    if font.getlength(text) <= width_px:
        return text
    lengths = (font.getlength(f"{text[:end]}…") for end in range(len(text)))
    fitting = sum(1 for _ in takewhile(lambda length_px: length_px <= width_px, lengths))
    return f"{text[: max(0, fitting - 1)].rstrip()}…"


def _cut_front(text: str, font: Font, width_px: int) -> str:
    return _cut_end(text[::-1], font, width_px)[::-1]
