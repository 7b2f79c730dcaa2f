"""`python -m bench write-docs`: the tables of docs/performance.md from what was measured last."""

import json
import re
from pathlib import Path
from typing import Any

from bench.report import FOLDER

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
# What stands between two such comments is replaced, each by its own name.
BLOCK = re.compile(r"(<!-- measured: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def write_docs() -> None:
    """Fill each block of the page whose results are at hand, and say which."""
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(BLOCK.sub(_fill, text), encoding="utf-8")


def _fill(block: re.Match[str]) -> str:
    path = FOLDER / f"{block[2]}.json"
    if not path.is_file():
        print(f"{block[2]}: not measured here, left as it was")
        return block[0]
    print(f"{block[2]}: written")
    return f"{block[1]}{make_table(json.loads(path.read_text(encoding='utf-8')))}{block[3]}"


def make_table(result: dict[str, Any]) -> str:
    """Write one result as a Markdown table under a line about the machine."""
    lines = [f"{result['about']}.", "", "| Figure | Unit | Median | Range | Rounds | Goal |"]
    lines.append("|---|---|---|---|---|---|")
    for one in result["figures"]:
        values = one["values"]
        goal = {None: one["goal"], True: f"{one['goal']}: met", False: f"{one['goal']}: **missed**"}
        cells = (
            one["name"],
            one["unit"],
            f"{one['median']:.3g}",
            f"{min(values):.3g} to {max(values):.3g}" if len(values) > 1 else "",
            str(len(values)),
            goal[one["is_met"]],
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"
