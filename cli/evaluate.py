"""`atelier eval`: how well a model of the catalog obeys, judged pixel by pixel."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cli.errors import CommandError
from cli.read_settings import PLACEHOLDER_KEY, read_settings
from shared.errors import UnknownModel
from shared.models.catalog import Catalog, ModelEntry

if TYPE_CHECKING:  # torch takes seconds to load; a wrong option should not wait for it
    from models.recipe.networks import Pipeline
    from models.recipe.settings_grid import Grid, Make, Picture, Plan

SCHEDULERS = ("dpm++2m", "ddim", "euler", "unipc")
STEPS = (6, 10, 15, 20, 50)
GUIDANCES = (1.0, 2.5, 5.0, 7.5)
TASK = "text-to-image"


@dataclass(frozen=True)
class Asked:
    """What the command line asks for; an empty list means the model's own."""

    model: str
    num_prompts: int
    seed: int
    schedulers: Sequence[str]
    steps: Sequence[int]
    guidances: Sequence[float]
    folder: Path
    at_least: float | None


def run_evaluate(asked: Asked, *, as_json: bool) -> None:
    """Measure a model and leave the figures, a plot and a sheet of pictures in a folder.

    Raises:
        CommandError: the model cannot be judged, or obeys less often than asked.
    """
    entry = find_entry(asked.model)
    plan, grid = measure(entry, asked)
    own = grid.find(plan.own).evaluation.scores["everything"]
    if as_json:
        print(json.dumps({"model": entry.id, **grid.to_json()}))
    else:
        from cli.print_evaluation import print_grid

        print_grid(entry.id, grid, asked.folder)
    if asked.at_least is not None and own.percent < asked.at_least:
        msg = f"{entry.id} obeys in {own.percent:.1f} %, which is less than {asked.at_least:g} %"
        raise CommandError(msg)


def find_entry(model_id: str) -> ModelEntry:
    """Find a model of the catalog that draws from words.

    Raises:
        CommandError: there is none of that name, or it does something else, or has no files.
    """
    try:
        catalog = Catalog.load(read_settings(PLACEHOLDER_KEY).catalog)
        entry = catalog.get_model(model_id)
    except UnknownModel:
        names = ", ".join(one.id for one in catalog.list_models())
        raise CommandError(f"no model {model_id!r} in the catalog; there are {names}") from None
    except (OSError, ValueError) as error:
        raise CommandError(f"the catalog cannot be read: {error}") from None
    if TASK not in entry.tasks:
        raise CommandError(f"{model_id} does not draw from words alone")
    if not (entry.path / "model_index.json").exists():
        raise CommandError(f"{model_id} has no files in {entry.path}")
    return entry


def measure(entry: ModelEntry, asked: Asked) -> "tuple[Plan, Grid]":
    """Make the pictures, with a progress bar on standard error, and write the folder."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as Left

    from models.recipe.evaluate import held_out_prompts
    from models.recipe.settings_grid import measure_grid
    from models.recipe.write_grid import write_grid

    plan = make_plan(entry, asked)
    prepare(asked.folder)
    make = make_with(load(entry), asked.seed)
    prompts = held_out_prompts(asked.num_prompts, asked.seed)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), Left())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        pictures = progress.add_task(entry.id, total=plan.num_pictures(len(prompts)))
        grid = measure_grid(make, plan, prompts, lambda count: progress.advance(pictures, count))
    write_grid(entry.id, grid, asked.folder)
    return plan, grid


def make_plan(entry: ModelEntry, asked: Asked) -> "Plan":
    """Decide what to measure.

    Raises:
        CommandError: the model or this command does not know a scheduler, or a number is too far.
    """
    from models.recipe.load_pipeline import Setting
    from models.recipe.settings_grid import Plan

    for name in asked.schedulers:
        if name not in entry.schedulers:
            offered = ", ".join(entry.schedulers)
            raise CommandError(f"no scheduler {name!r} for {entry.id}; there are {offered}")
    usual = [name for name in SCHEDULERS if name in entry.schedulers] or entry.schedulers
    bounds = entry.limits.num_inference_steps
    for count in asked.steps:
        if not bounds.min <= count <= bounds.max:
            raise CommandError(f"{entry.id} takes {bounds.min:g} to {bounds.max:g} steps")
    defaults = entry.defaults
    own = Setting(defaults.scheduler, defaults.num_inference_steps, defaults.guidance_scale)
    return Plan(own, asked.schedulers or usual, asked.steps or STEPS, asked.guidances or GUIDANCES)


def prepare(folder: Path) -> None:
    """Make the folder before the work, not after it.

    Raises:
        CommandError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CommandError(f"{folder} cannot be made: {error.strerror}") from None


def load(entry: ModelEntry) -> "Pipeline":
    """Load the model with stock diffusers.

    Raises:
        CommandError: its files do not serve.
    """
    import torch

    from models.recipe.load_pipeline import load_pipeline

    # More threads than free cores are many times slower than one.
    torch.set_num_threads(read_settings(PLACEHOLDER_KEY).torch_threads)
    try:
        return load_pipeline(entry.path, "cuda" if torch.cuda.is_available() else "cpu")
    except (OSError, ValueError) as error:
        raise CommandError(f"{entry.id} cannot be loaded: {error}") from None


def make_with(pipeline: "Pipeline", seed: int) -> "Make":
    """Make pictures with the schedulers of the service, each from the model's own configuration."""
    from models.recipe.evaluate import make_pictures
    from models.recipe.load_pipeline import Setting
    from worker.engine.schedulers import build_scheduler

    config = dict(pipeline.scheduler.config)

    def choose(pipeline: "Pipeline", setting: Setting) -> None:
        count = setting.num_inference_steps
        pipeline.scheduler = build_scheduler(setting.scheduler, config, count, sigmas="default")

    def make(words: list[str], setting: Setting) -> "Iterator[Picture]":
        return make_pictures(pipeline, words, setting, seed, choose)

    return make
