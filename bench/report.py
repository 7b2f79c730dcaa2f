"""What a benchmark found: a table for people, JSON for machines."""

import importlib.metadata
import json
import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table

FOLDER = Path(__file__).parent / "results"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured quantity over several rounds, and its goal as people read it."""

    name: str
    unit: str
    values: Sequence[float]
    goal: str
    is_met: bool | None

    @property
    def median(self) -> float:
        """Return the middle of the rounds."""
        return statistics.median(self.values)


def at_least(name: str, unit: str, values: Sequence[float], bound: float) -> Figure:
    """Judge the median against a lower bound."""
    met = statistics.median(values) >= bound
    return Figure(name=name, unit=unit, values=values, goal=f"at least {bound:g}", is_met=met)


def at_most(name: str, unit: str, values: Sequence[float], bound: float) -> Figure:
    """Judge the median against an upper bound."""
    met = statistics.median(values) <= bound
    return Figure(name=name, unit=unit, values=values, goal=f"at most {bound:g}", is_met=met)


def plain(name: str, unit: str, values: Sequence[float]) -> Figure:
    """Report without a goal."""
    return Figure(name=name, unit=unit, values=values, goal="", is_met=None)


def show(title: str, figures: Sequence[Figure], conditions: str) -> None:
    """Print the table and write `results/<first word of title>.json`."""
    about = f"{describe_machine()}; {conditions}"
    table = Table(title=f"{title}\n{about}", title_justify="left", box=box.ASCII)
    for heading in ("figure", "unit", "median", "range", "rounds", "goal", "met"):
        table.add_column(heading)
    for one in figures:
        met = "" if one.is_met is None else "yes" if one.is_met else "NO"
        spread = f"{min(one.values):.3g} to {max(one.values):.3g}"
        cells = (one.name, one.unit, f"{one.median:.3g}", spread, str(len(one.values)), one.goal)
        table.add_row(*cells, met)
    Console(width=130).print(table)
    FOLDER.mkdir(exist_ok=True)
    body = {
        "title": title,
        "about": about,
        "figures": [asdict(one) | {"median": one.median} for one in figures],
    }
    path = FOLDER / f"{title.split(maxsplit=1)[0].lower()}.json"
    path.write_text(json.dumps(body, indent=2) + "\n", encoding="utf-8")


def describe_machine() -> str:
    """Say what everything depends on."""
    torch = importlib.metadata.version("torch")
    python = platform.python_version()
    load = f"load {os.getloadavg()[0]:.1f}"
    return f"{os.cpu_count()} cores {_processor()}, Python {python}, torch {torch}, {load}"


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
