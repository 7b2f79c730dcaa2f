"""The report page and the model card, both from the same figures."""

import base64
import io
import json
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from PIL import Image

from models.recipe.chart import Chart, draw_chart
from models.recipe.report import SAMPLE_PROMPTS, Picture, Report

HERE = Path(__file__).parent
FIGURES = "report.json"
SETTING = ("scheduler", "num_inference_steps", "guidance_scale")
# Criterion, its words, and the goal in percent.
GOALS = (
    ("background", "background colour", "≥ 99 %"),
    ("position", "position", "≥ 99 %"),
    ("color", "object colour", "≥ 99 %"),
    ("relation", "relation", "≥ 98 %"),
    ("size", "size", "≥ 98 %"),
    ("count", "number of things", "≥ 95 %"),
    ("shape", "exact shape", "≥ 97 %"),
    ("everything", "all at once", "≥ 94 %"),
    ("everything, one thing", "all at once, one thing", ""),
    ("everything, two things", "all at once, two things", ""),
    ("everything, three things", "all at once, three things", ""),
)
COLUMNS = ("few", "many", "counted", "unknown words")


@dataclass(frozen=True)
class Row:
    """One criterion in the table of scores."""

    label: str
    goal: str
    cells: Sequence[str]


def make_environment() -> Environment:
    """Load the templates; a figure that is not there is an error."""
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - Markdown, and pages of our own figures
    )
    environment.globals |= {"judged": judged, "met": met, "missed": missed}
    return environment


def judged(part: Report) -> int:
    """Count the pictures of one set."""
    return int(part["scores"]["everything"]["judged"])


def met(part: Report) -> int:
    """Count those in which everything was right."""
    return int(part["scores"]["everything"]["met"])


def missed(part: Report) -> int:
    """Count the others."""
    return judged(part) - met(part)


def score_rows(report: Report) -> list[Row]:
    """Lay the scores out, one row a criterion."""
    rows = []
    for name, label, goal in GOALS:
        cells = [score_cell(report["scores"][column]["scores"].get(name)) for column in COLUMNS]
        rows.append(Row(label, goal, cells))
    return rows


def score_cell(score: dict[str, int] | None) -> str:
    """Write one score."""
    if not score:
        return ""
    share = 100 * score["met"] / score["judged"]
    return f"{share:.1f} % ({score['met']} of {score['judged']})"


def write_page(report: Report, samples: Sequence[Picture], path: Path, name: str) -> None:
    """Write the report page, which needs no other file."""
    page = make_environment().get_template("report.html")
    pictures = zip(SAMPLE_PROMPTS, [as_url(one) for one in samples], strict=True)
    charts = [draw_chart(one) for one in curve_charts(report["curves"])]
    filled = {"report": report, "rows": score_rows(report), "charts": charts, "name": name}
    path.write_text(page.render(**filled, samples=pictures), encoding="utf-8")


def as_url(picture: Picture) -> str:
    """Put a picture into its address."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "WEBP", quality=90)
    return f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def curve_charts(curves: dict[str, list[dict[str, float]]]) -> list[Chart]:
    """Plot each phase's loss, and what else it tells, over its minutes."""
    charts = []
    for phase, points in curves.items():
        names = [name for name in points[-1] if name in {"loss", "L1", "change"}]
        for name in names:
            line = [(one["spent_s"] / 60, one[name]) for one in points if name in one]
            charts.append(Chart(f"{phase}: {name}", "minutes", "", {name: line}))
    return charts


def write_card(model: Path) -> None:
    """Write the card of a model from its figures and from what is noted about its making."""
    report = json.loads((model / FIGURES).read_text(encoding="utf-8"))
    notes = tomllib.loads((HERE / "milestones.toml").read_text(encoding="utf-8"))
    card = make_environment().get_template("card.txt")
    filled = {"report": report, "rows": score_rows(report), "grid": grid_table(report.get("grid"))}
    text = card.render(**filled, **notes)
    (model / "README.md").write_text(text.rstrip() + "\n", encoding="utf-8")


def grid_table(grid: dict[str, Any] | None) -> dict[str, Any] | None:
    """Lay out the figures of `atelier eval`."""
    if not grid:
        return None
    own, cells = grid["own"], grid["cells"]
    share = {tuple(one[name] for name in SETTING): one["scores"]["everything"] for one in cells}
    scale, own_steps = own["guidance_scale"], own["num_inference_steps"]
    schedulers = list(dict.fromkeys(one["scheduler"] for one in cells))
    counts = sorted({one["num_inference_steps"] for one in cells})
    rows = [
        [name, *[percent(share.get((name, count, scale))) for count in counts]]
        for name in schedulers
    ]
    guidance = [
        [f"{one['guidance_scale']:g}",
         percent(share[own["scheduler"], own_steps, one["guidance_scale"]]), f"{one['levels']:.0f}"]
        for one in sorted(grid["diversity"], key=lambda one: float(one["guidance_scale"]))
    ]  # fmt: skip
    return {
        "judged": cells[0]["scores"]["everything"]["judged"],
        "own": f"{own['scheduler']}, {own_steps} steps",
        "heads": [f"guidance {scale:g}", *[f"{count} steps" for count in counts]],
        "rows": rows,
        "guidance": guidance,
    }


def percent(score: dict[str, int] | None) -> str:
    """Write a share, or nothing where it was not measured."""
    return f"{100 * score['met'] / score['judged']:.1f} %" if score else ""
