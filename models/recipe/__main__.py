"""`python -m models.recipe`: make the bundled model again, whole or stage by stage."""

import argparse
from dataclasses import replace
from pathlib import Path

import torch

from models.recipe.config import FULL, FURTHER, SMOKE, Recipe
from models.recipe.contact_sheet import draw_sheet
from models.recipe.evaluate import PROMPT_SETS, Setting, evaluate_autoencoder, evaluate_model
from models.recipe.load_pipeline import SCHEDULERS, load_pipeline
from models.recipe.stages import STAGES, newest_autoencoder, run_all, start_log, write_model

HERE = Path(__file__).parent
IMAGE = HERE.parents[1] / "docs" / "images" / "mini.png"


def make_parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(prog="python -m models.recipe", description=__doc__)
    parser.add_argument("stage", choices=["all", *STAGES, "export", "evaluate", "ceiling", "sheet"])
    parser.add_argument("--runs", type=Path, default=HERE / "runs", help="checkpoints and latents")
    parser.add_argument("--model", type=Path, default=HERE.parent / "mini", help="model folder")
    parser.add_argument("--from", dest="start", type=Path, help="train this model further")
    parser.add_argument("--smoke", action="store_true", help="toy length: run every line, no more")
    parser.add_argument("--workers", type=int, help="processes of one thread each")
    parser.add_argument("--minutes", type=float, help="length of the U-Net's training")
    parser.add_argument("--image", type=Path, default=IMAGE, help="where the sheet goes")
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


def main() -> None:
    """Run the stage that the command line names."""
    options = make_parser().parse_args()
    torch.set_num_threads(1)
    start_log()
    recipe = recipe_of(options)
    options.runs.mkdir(parents=True, exist_ok=True)
    if options.stage == "all":
        run_all(recipe, options.runs, options.model)
    elif options.stage == "export":
        write_model(options.runs, options.model)
    elif options.stage == "evaluate":
        print_evaluation(options)
    elif options.stage == "sheet":
        draw_sheet(options.model, options.image, seed=options.seed)
    elif options.stage == "ceiling":
        print(evaluate_autoencoder(newest_autoencoder(options.runs), options.prompts, options.seed))
    else:
        STAGES[options.stage](recipe, options.runs)


if __name__ == "__main__":
    main()
