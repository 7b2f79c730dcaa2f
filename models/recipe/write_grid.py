"""The folder of an evaluation: figures, plots and sample pictures."""

import json
from dataclasses import replace
from pathlib import Path

from models.recipe.chart import Chart, Points, draw_chart
from models.recipe.contact_sheet import lay_out
from models.recipe.settings_grid import SEEDS_EACH, Grid


def write_grid(model: str, grid: Grid, folder: Path) -> None:
    """Write `figures.json`, `steps.svg`, `guidance.svg` and `samples.png`."""
    figures = {"model": model, **grid.to_json()}
    (folder / "figures.json").write_text(json.dumps(figures, indent=1) + "\n")
    (folder / "steps.svg").write_text(draw_chart(steps_chart(model, grid)))
    (folder / "guidance.svg").write_text(draw_chart(guidance_chart(model, grid)))
    sheet = lay_out(grid.samples, 2 * SEEDS_EACH, scale=1)
    sheet.save(folder / "samples.png", optimize=True)


def steps_chart(model: str, grid: Grid) -> Chart:
    """Plot fidelity over steps, one line a scheduler."""
    plan = grid.plan
    lines: dict[str, Points] = {}
    for scheduler in plan.schedulers:
        settings = [
            replace(plan.own, scheduler=scheduler, num_inference_steps=count)
            for count in sorted(plan.steps)
        ]
        lines[scheduler] = [
            (one.num_inference_steps, grid.find(one).evaluation.scores["everything"].percent)
            for one in settings
        ]
    title = f"{model}: fidelity by steps, guidance {plan.own.guidance_scale:g}"
    label = "pictures in which everything is right, %"
    return Chart(title, "steps", label, lines, sorted(plan.steps), is_log=True, y_bounds=(0, 100))


def guidance_chart(model: str, grid: Grid) -> Chart:
    """Plot fidelity and diversity over guidance."""
    own, scales = grid.plan.own, sorted(grid.plan.guidances)
    fidelity = [
        (scale, grid.find(replace(own, guidance_scale=scale)).evaluation.scores[name].percent)
        for name in ("everything",)
        for scale in scales
    ]
    lines: dict[str, Points] = {
        "everything right, %": fidelity,
        "diversity over seeds, levels of 255": [(one, grid.diversity[one]) for one in scales],
    }
    title = f"{model}: fidelity and diversity, {own.scheduler}, {own.num_inference_steps} steps"
    return Chart(title, "guidance", "", lines, scales, y_bounds=(0, 100))
