"""`python -m models.recipe`: make the bundled model again, whole or stage by stage."""

import argparse
import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import torch

from models.recipe.config import FULL, FURTHER, SMOKE, Recipe
from models.recipe.contact_sheet import draw_sheet
from models.recipe.evaluate import PROMPT_SETS, evaluate_autoencoder, evaluate_model
from models.recipe.load_pipeline import SCHEDULERS, Setting, load_pipeline
from models.recipe.report import Extent, collect
from models.recipe.stages import STAGES, newest_autoencoder, run_all, start_log, write_model
from models.recipe.write_report import FIGURES, write_card, write_page

log = logging.getLogger(__name__)
HERE = Path(__file__).parent
IMAGE = HERE.parents[1] / "docs" / "images" / "mini.png"
SHORT = Extent(few=2, some=2, many=2, true=2, sample_steps=2)


def make_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(prog="python -m models.recipe", description=__doc__)
    parser.add_argument("stage", choices=["all", *STAGES, *ACTIONS])
    parser.add_argument("--runs", type=Path, default=HERE / "runs", help="checkpoints and latents")
    parser.add_argument("--model", type=Path, default=HERE.parent / "mini", help="model folder")
    parser.add_argument("--from", dest="start", type=Path, help="train this model further")
    parser.add_argument("--smoke", action="store_true", help="toy length: run every line, no more")
    parser.add_argument("--workers", type=int, help="processes of one thread each")
    parser.add_argument("--minutes", type=float, help="length of the U-Net's training")
    parser.add_argument("--image", type=Path, default=IMAGE, help="where the sheet goes")
    parser.add_argument("--grid", type=Path, help="figures.json of `atelier eval`, for the report")
    judged = parser.add_argument_group("evaluate")
    judged.add_argument("--prompts", type=int, default=100)
    judged.add_argument("--kind", choices=list(PROMPT_SETS), default="held-out")
    judged.add_argument("--steps", type=int, default=12)
    judged.add_argument("--scheduler", choices=list(SCHEDULERS), default="ddim")
    judged.add_argument("--guidance", type=float, default=2.5)
    judged.add_argument("--seed", type=int, default=0)
    judged.add_argument("--failures", action="store_true", help="list the prompts not obeyed")
    return parser


def recipe_of(options: argparse.Namespace) -> Recipe:
    """Choose the recipe that the options ask for."""
    recipe = FURTHER if options.start else FULL
    if options.smoke:
        recipe = SMOKE
    recipe = replace(recipe, start=options.start)
    if options.workers:
        recipe = replace(recipe, workers=options.workers)
    if options.minutes:
        recipe = replace(recipe, unet=replace(recipe.unet, seconds=60 * options.minutes))
    return recipe


def print_evaluation(options: argparse.Namespace) -> None:
    """Print the table of scores."""
    prompts = PROMPT_SETS[options.kind](options.prompts, options.seed)
    setting = Setting(options.scheduler, options.steps, options.guidance)
    evaluation = evaluate_model(load_pipeline(options.model), prompts, setting, options.seed)
    print(evaluation)
    if options.failures:
        print(*evaluation.failures, sep="\n")


def print_ceiling(options: argparse.Namespace) -> None:
    """Print how many true pictures survive the autoencoder."""
    vae = newest_autoencoder(options.runs)
    print(evaluate_autoencoder(vae, options.prompts, options.seed))


def report(options: argparse.Namespace) -> None:
    """Judge the model, and write its figures, its card and the report page."""
    figures, samples = collect(options.model, options.runs, SHORT if options.smoke else Extent())
    if options.grid:
        figures["grid"] = json.loads(options.grid.read_text())
    (options.model / FIGURES).write_text(json.dumps(figures, indent=1) + "\n")
    write_page(figures, samples, options.runs / "report.html", options.model.name)
    write_card(options.model)
    log.info("report: %s", options.runs / "report.html")


ACTIONS: dict[str, Callable[[argparse.Namespace], None]] = {
    "export": lambda options: write_model(options.runs, options.model),
    "report": report,
    "card": lambda options: write_card(options.model),
    "sheet": lambda options: draw_sheet(options.model, options.image, seed=options.seed),
    "evaluate": print_evaluation,
    "ceiling": print_ceiling,
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the stage that the command line names."""
    options = make_parser().parse_args(arguments)
    torch.set_num_threads(1)
    start_log()
    options.runs.mkdir(parents=True, exist_ok=True)
    if options.stage == "all":
        run_all(recipe_of(options), options.runs, options.model)
        report(options)
    elif options.stage in STAGES:
        STAGES[options.stage](recipe_of(options), options.runs)
    else:
        ACTIONS[options.stage](options)


if __name__ == "__main__":
    main()
