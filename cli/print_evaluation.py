"""The tables of `atelier eval`."""

from dataclasses import replace
from pathlib import Path

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from models.recipe.settings_grid import Grid

HEADS = {"background": "ground", "position": "place", "everything": "all"}
CRITERIA = ("background", "position", "color", "relation", "size", "count", "shape", "everything")


def print_grid(model: str, grid: Grid, folder: Path) -> None:
    """Print both cuts, and where the rest lies."""
    console = Console()
    own = grid.plan.own
    console.print(by_steps(grid))
    console.print(by_guidance(grid))
    whole = grid.find(own).evaluation.scores["everything"]
    console.print(
        f"{model} obeys in {whole} at {own.scheduler}, {own.num_inference_steps} steps, "
        f"guidance {own.guidance_scale:g}.",
        highlight=False,
    )
    console.print(f"Plot, pictures and figures: {folder}", highlight=False, soft_wrap=True)


def by_steps(grid: Grid) -> Table:
    """Tell how often everything is right, by scheduler and steps."""
    plan = grid.plan
    title = f"everything right, in %, at guidance {plan.own.guidance_scale:g}"
    table = Table(title=title, title_justify="left", box=SIMPLE, padding=(0, 1, 0, 0))
    table.add_column("scheduler")
    for count in plan.steps:
        table.add_column(f"{count} steps", justify="right")
    for scheduler in plan.schedulers:
        settings = [
            replace(plan.own, scheduler=scheduler, num_inference_steps=count)
            for count in plan.steps
        ]
        scores = [grid.find(one).evaluation.scores["everything"] for one in settings]
        table.add_row(scheduler, *[f"{one.percent:.1f}" for one in scores])
    return table


def by_guidance(grid: Grid) -> Table:
    """Tell each criterion, and the diversity over seeds, by guidance."""
    own = grid.plan.own
    title = f"by guidance scale, in %, with {own.scheduler} at {own.num_inference_steps} steps"
    table = Table(title=title, title_justify="left", box=SIMPLE, padding=(0, 1, 0, 0))
    table.add_column("scale")
    for name in CRITERIA:
        table.add_column(HEADS.get(name, name), justify="right")
    table.add_column("diverse", justify="right")
    for scale in grid.plan.guidances:
        scores = grid.find(replace(own, guidance_scale=scale)).evaluation.scores
        cells = [f"{scores[name].percent:.0f}" if name in scores else "" for name in CRITERIA]
        table.add_row(f"{scale:g}", *cells, f"{grid.diversity[scale]:.1f}")
    return table
