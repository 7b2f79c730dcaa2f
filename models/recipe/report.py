"""What a model can do and how it came about, as figures: the one source of report and card."""

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.recipe.drawing import draw
from models.recipe.evaluate import (
    Evaluation,
    HeldOutPrompt,
    counted_prompts,
    evaluate_autoencoder,
    evaluate_model,
    held_out_prompts,
    judge,
    make_pictures,
    with_unknown_words,
)
from models.recipe.load_pipeline import Setting, load_pipeline
from models.recipe.networks import Pipeline
from models.recipe.progress import CURVES

SIZE_PX = 128
SAMPLE_PROMPTS = (
    "a red circle left of a blue square on a yellow background",
    "a large yellow star on a black background",
    "a white ring above an orange diamond on a blue background",
    "a tiny pink star in the bottom right corner on a purple background",
    "two red hearts",
    "three blue stars",
    "three small green circles on a pink background",
    "a purple cross",
    "sun over hills",
    "night sky",
    "a blue house",
    "a boat with red sails",
    "a tree",
    "a smiley on a pink background",
    "a purple flower",
    "a rainbow",
    "mountains",
    "an orange fish",
    "a sunset over the sea",
    "a gradient from pink to blue",
    "a star",
    "a house",
    "a masterpiece, trending, a red square",
    "wxyzzy a green triangle",
)
SAMPLE_COLUMNS = 8

Picture = NDArray[np.uint8]
Report = dict[str, Any]


@dataclass(frozen=True)
class Extent:
    """How much is judged: prompts of a small, a middling and a large set, and so on."""

    few: int = 100
    some: int = 200
    many: int = 400
    true: int = 1000
    sample_steps: int = 20


def collect(model: Path, runs: Path, extent: Extent) -> tuple[Report, list[Picture]]:
    """Judge a model, and gather the curves of its training; also give the sample pictures."""
    pipeline = load_pipeline(model)
    setting = Setting()
    sets = {
        "few": (held_out_prompts(extent.few, 0), 0),
        "many": (held_out_prompts(extent.many, 2), 2),
        "counted": (counted_prompts(extent.many, 2), 2),
        "unknown words": (with_unknown_words(held_out_prompts(extent.some, 2), 2), 2),
    }
    samples = list(
        make_pictures(pipeline, list(SAMPLE_PROMPTS), Setting("ddim", extent.sample_steps), 0)
    )
    report = {
        "setting": asdict(setting),
        "bytes": sum(path.stat().st_size for path in model.rglob("*.safetensors")),
        "parameters": count_parameters(pipeline),
        "picture_s": picture_s(pipeline, setting),
        "verifier": {
            "held-out": plain(judge_true(held_out_prompts, extent.true)),
            "counted": plain(judge_true(counted_prompts, extent.many)),
        },
        "ceiling": plain(evaluate_autoencoder(pipeline.vae, extent.many, 5)),
        "scores": {
            name: plain(evaluate_model(pipeline, prompts, setting, seed))
            for name, (prompts, seed) in sets.items()
        },
        "curves": read_curves(runs / CURVES),
    }
    return report, samples


def judge_true(make: Callable[[int, int], list[HeldOutPrompt]], count: int) -> Evaluation:
    """Judge drawn pictures: what is missed there is the verifier's own error."""
    prompts = make(count, 2)
    return judge((draw(one.scene, SIZE_PX) for one in prompts), prompts)


def plain(evaluation: Evaluation) -> Report:
    """Give an evaluation as plain data."""
    scores = {name: asdict(one) for name, one in evaluation.scores.items()}
    return {"scores": scores, "failures": list(evaluation.failures)}


def count_parameters(pipeline: Pipeline) -> int:
    """Count the weights of the three networks."""
    networks = (pipeline.vae, pipeline.text_encoder, pipeline.unet)
    return sum(weight.numel() for network in networks for weight in network.parameters())


def picture_s(pipeline: Pipeline, setting: Setting) -> float:
    """Measure the fastest of five single pictures, in seconds that one core spends on it."""
    spent = []
    for seed in range(5):
        started_at = time.process_time()
        list(make_pictures(pipeline, ["a red circle"], setting, seed))
        spent.append(time.process_time() - started_at)
    return round(min(spent), 3)


def read_curves(path: Path) -> dict[str, list[dict[str, float]]]:
    """Read what the phases told of themselves, by phase."""
    curves: dict[str, list[dict[str, float]]] = {}
    lines: Iterable[str] = path.read_text().splitlines() if path.exists() else ()
    for line in lines:
        point = json.loads(line)
        curves.setdefault(point.pop("phase"), []).append(point)
    return curves
