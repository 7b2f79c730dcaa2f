"""How a model's obedience depends on scheduler, steps and guidance, and its diversity on guidance.

Two cuts through all combinations: every scheduler at every number of steps with the model's own
guidance, and every guidance with the model's own scheduler and steps.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.recipe.evaluate import Evaluation, HeldOutPrompt, judge
from models.recipe.load_pipeline import Setting

# They leave much open, so pictures of different seeds should differ.
OPEN_PROMPTS = (
    "a red circle",
    "two blue stars",
    "a green heart and a yellow square",
    "a house",
    "a tree",
    "sun over hills",
    "a boat",
    "a flower",
)
SEEDS_EACH = 4

Picture = NDArray[np.uint8]
Tell = Callable[[int], None]
Make = Callable[[list[str], Setting], Iterator[Picture]]


@dataclass(frozen=True)
class Plan:
    """What to measure around the setting that the model asks for."""

    own: Setting
    schedulers: Sequence[str]
    steps: Sequence[int]
    guidances: Sequence[float]

    def settings(self) -> list[Setting]:
        """List all settings once, the model's own first."""
        by_steps = [
            replace(self.own, scheduler=scheduler, num_inference_steps=count)
            for scheduler in self.schedulers
            for count in self.steps
        ]
        by_guidance = [replace(self.own, guidance_scale=scale) for scale in self.guidances]
        return list(dict.fromkeys([self.own, *by_steps, *by_guidance]))

    def num_pictures(self, num_prompts: int) -> int:
        """Count the pictures that will be made."""
        scales = {self.own.guidance_scale, *self.guidances}
        diverse = len(scales) * len(OPEN_PROMPTS) * SEEDS_EACH
        return len(self.settings()) * num_prompts + diverse


@dataclass(frozen=True)
class Cell:
    """What one setting gave."""

    setting: Setting
    evaluation: Evaluation
    seconds_each: float


@dataclass(frozen=True)
class Grid:
    """All cells, and by guidance how far pictures of one prompt lie apart, in levels of 255.

    `samples` are those of the open prompts in the model's own setting, `SEEDS_EACH` in a row.
    """

    plan: Plan
    cells: tuple[Cell, ...]
    diversity: dict[float, float]
    samples: tuple[Picture, ...]

    def find(self, setting: Setting) -> Cell:
        """Give the cell of a setting.

        Raises:
            LookupError: It was not measured.
        """
        for cell in self.cells:
            if cell.setting == setting:
                return cell
        raise LookupError(setting)

    def to_json(self) -> dict[str, Any]:
        """Give plain data."""
        cells = [
            {
                **asdict(cell.setting),
                "seconds_each": round(cell.seconds_each, 4),
                "scores": {name: asdict(one) for name, one in cell.evaluation.scores.items()},
                "failures": list(cell.evaluation.failures),
            }
            for cell in self.cells
        ]
        diversity = [
            {"guidance_scale": scale, "levels": round(levels, 2)}
            for scale, levels in self.diversity.items()
        ]
        return {"own": asdict(self.plan.own), "cells": cells, "diversity": diversity}


def measure_grid(make: Make, plan: Plan, prompts: list[HeldOutPrompt], tell: Tell) -> Grid:
    """Make and judge all pictures; `tell` hears of each."""

    def told(words: list[str], setting: Setting) -> list[Picture]:
        pictures = []
        for picture in make(words, setting):
            pictures.append(picture)
            tell(1)
        return pictures

    cells = []
    for setting in plan.settings():
        started_at = time.perf_counter()
        pictures = told([one.prompt for one in prompts], setting)
        seconds = time.perf_counter() - started_at
        cells.append(Cell(setting, judge(pictures, prompts), seconds / len(prompts)))
    words = [prompt for prompt in OPEN_PROMPTS for _ in range(SEEDS_EACH)]
    samples = told(words, plan.own)
    diversity = {plan.own.guidance_scale: mean_distance(samples)}
    for scale in plan.guidances:
        if scale not in diversity:
            setting = replace(plan.own, guidance_scale=scale)
            diversity[scale] = mean_distance(told(words, setting))
    return Grid(plan, tuple(cells), diversity, tuple(samples))


def mean_distance(pictures: Sequence[Picture]) -> float:
    """Measure how far pictures of the same prompt lie apart: the root of their mean square.

    Args:
        pictures: `SEEDS_EACH` in a row for every prompt, each (H, W, 3).
    """
    distances = []
    for first in range(0, len(pictures), SEEDS_EACH):
        same = [one.astype(np.float32) for one in pictures[first : first + SEEDS_EACH]]
        distances += [float(np.sqrt(np.square(a - b).mean())) for a, b in combinations(same, 2)]
    return float(np.mean(distances))
