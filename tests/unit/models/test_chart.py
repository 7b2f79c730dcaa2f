"""Charts: figures land where the axes say."""

import xml.etree.ElementTree as ET

import pytest

from models.recipe.chart import BOTTOM, HEIGHT, TOP, Chart, draw_chart, nice_ticks

SVG = "{http://www.w3.org/2000/svg}"
LINES = {"ddim <1>": [(6.0, 0.0), (12.0, 50.0), (24.0, 100.0)]}


def places(chart: Chart) -> list[tuple[float, float]]:
    (line,) = ET.fromstring(draw_chart(chart)).iter(f"{SVG}polyline")
    return [tuple(map(float, one.split(","))) for one in line.attrib["points"].split()]  # type: ignore[misc]


def test_figures_land_between_the_axes() -> None:
    chart = Chart("fidelity", "steps", "%", LINES, ticks=(6, 12, 24), y_bounds=(0, 100))
    (_, low), (_, middle), (_, high) = places(chart)
    assert (low, high) == (HEIGHT - BOTTOM, TOP)
    assert middle == pytest.approx((low + high) / 2)


def test_a_logarithmic_axis_gives_doublings_equal_room() -> None:
    (first, _), (second, _), (third, _) = places(Chart("", "", "", LINES, is_log=True))
    assert second - first == pytest.approx(third - second, abs=0.2)


def test_words_are_escaped_and_nothing_is_a_chart_too() -> None:
    assert "ddim &lt;1&gt;" in draw_chart(Chart("", "", "", LINES))
    assert draw_chart(Chart("", "", "", {})).endswith("</svg>\n")


def test_ticks_are_round() -> None:
    assert nice_ticks(0, 100) == [0, 20, 40, 60, 80, 100]
    assert nice_ticks(0.02, 0.31) == [0.05, 0.1, 0.15, 0.2, 0.25, 0.3]
