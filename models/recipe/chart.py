"""Line charts as SVG: text that a browser, a repository's page and a diff can show."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

Points = Sequence[tuple[float, float]]

WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 56, 24, 76, 44
# Told apart by most eyes, also where red and green look alike (Okabe and Ito).
COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#444444")
TICKS = 6
MAX_DOTS = 20
OPENING = (
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
    'font-family="system-ui, sans-serif" font-size="12" fill="#333">'
)


@dataclass(frozen=True)
class Chart:
    """What a chart says; `ticks` are marked on the x axis, which is logarithmic if so asked."""

    title: str
    x_label: str
    y_label: str
    lines: Mapping[str, Points]
    ticks: Sequence[float] = ()
    is_log: bool = False
    y_bounds: tuple[float, float] | None = None


@dataclass(frozen=True)
class Axis:
    """Maps figures onto pixels."""

    low: float
    high: float
    first_px: float
    last_px: float
    scale: Callable[[float], float]

    def at(self, value: float) -> float:
        """Give the pixel of a figure."""
        low, high = self.scale(self.low), self.scale(self.high)
        share = (self.scale(value) - low) / ((high - low) or 1)
        return self.first_px + share * (self.last_px - self.first_px)


def draw_chart(chart: Chart) -> str:
    """Draw a chart as one SVG element."""
    across, up = find_axes(chart)
    parts = [
        OPENING,
        f'<rect width="{WIDTH}" height="{HEIGHT}" rx="8" fill="#fff"/>',
        text(LEFT, 22, chart.title, 'font-size="15" font-weight="600"'),
        text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, chart.x_label, 'text-anchor="middle"'),
        text(LEFT, TOP - 10, chart.y_label, 'fill="#666"'),
    ]
    for value in nice_ticks(up.low, up.high):
        y = up.at(value)
        parts.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#e4e4e4"/>')
        parts.append(text(LEFT - 8, y + 4, f"{value:g}", 'text-anchor="end"'))
    for value in chart.ticks or nice_ticks(across.low, across.high):
        label = text(across.at(value), HEIGHT - BOTTOM + 18, f"{value:g}", 'text-anchor="middle"')
        parts.append(label)
    parts += [line(number, chart, across, up) for number in range(len(chart.lines))]
    return "\n".join([*parts, legend(list(chart.lines)), "</svg>\n"])


def find_axes(chart: Chart) -> tuple[Axis, Axis]:
    """Fit the axes to the figures."""
    points = [point for one in chart.lines.values() for point in one] or [(0.0, 0.0)]
    xs, ys = zip(*points, strict=True)
    low, high = chart.y_bounds or (min(0.0, *ys, 0.0), max(ys))
    scale = math.log if chart.is_log else float
    across = Axis(min(xs), max(xs), LEFT + 12, WIDTH - RIGHT - 12, scale)
    return across, Axis(low, high, HEIGHT - BOTTOM, TOP, float)


def nice_ticks(low: float, high: float) -> list[float]:
    """List round figures between two."""
    span = (high - low) or 1.0
    power: float = 10.0 ** math.floor(math.log10(span / TICKS))
    step = next(power * factor for factor in (1, 2, 5, 10) if span / (power * factor) <= TICKS)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(number * step, 10) for number in range(first, last + 1)]


def line(number: int, chart: Chart, across: Axis, up: Axis) -> str:
    """Draw one line, with a dot for each figure where they are few."""
    points = list(chart.lines.values())[number]
    color = COLORS[number % len(COLORS)]
    places = [(across.at(x), up.at(y)) for x, y in points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    drawn = f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2"/>'
    if len(places) > 20:
        return drawn
    return drawn + "".join(
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{color}"/>' for x, y in places
    )


def legend(names: Sequence[str]) -> str:
    """Name the lines in a row under the title."""
    parts, x = [], float(LEFT)
    for number, name in enumerate(names):
        color = COLORS[number % len(COLORS)]
        parts.append(f'<rect x="{x:.0f}" y="32" width="10" height="10" rx="2" fill="{color}"/>')
        parts.append(text(x + 15, 41, name))
        x += 36 + 7.5 * len(name)
    return "".join(parts)


def text(x: float, y: float, words: str, more: str = "") -> str:
    """Write words at a place."""
    return f'<text x="{x:.1f}" y="{y:.1f}" {more}>{escape(words)}</text>'
