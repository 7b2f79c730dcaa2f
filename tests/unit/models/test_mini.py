"""The bundled model as it lies in the repository."""

import json
from pathlib import Path

import pytest
import torch

import models
from models.recipe.evaluate import make_pictures
from models.recipe.load_pipeline import Setting, load_pipeline
from models.recipe.networks import Pipeline
from models.recipe.verifier import find_things

MINI = Path(models.__file__).parent / "mini"
MAX_BYTES = 20_000_000


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    torch.set_num_threads(1)
    return load_pipeline(MINI)


def test_it_is_small_and_whole() -> None:
    files = [path for path in MINI.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= MAX_BYTES
    parts = json.loads((MINI / "model_index.json").read_text())
    assert parts["_class_name"] == "StableDiffusionPipeline"
    assert parts["safety_checker"] == [None, None]
    assert (MINI / "README.md").exists()


@pytest.mark.parametrize(
    ("prompt", "background", "things"),
    [
        ("a large red circle on a blue background", "blue", [("red", "circle", "large")]),
        ("two large red hearts", "white", [("red", "heart", "large")] * 2),
        ("three small blue stars", "white", [("blue", "star", "small")] * 3),
        ("a masterpiece xqzt a small green cross", "white", [("green", "cross", "small")]),
    ],
)
def test_it_obeys_a_plain_prompt(
    pipeline: Pipeline, prompt: str, background: str, things: list[tuple[str, str, str]]
) -> None:
    (picture,) = make_pictures(pipeline, [prompt], Setting(), seed=0)
    assert picture.shape == (128, 128, 3)
    seen, found = find_things(picture)
    assert seen == background
    assert [(one.color, one.shape, one.size) for one in found] == things


def test_its_card_says_what_its_figures_say() -> None:
    card = (MINI / "README.md").read_text()
    for part in json.loads((MINI / "report.json").read_text())["scores"].values():
        for one in part["scores"].values():
            assert f"({one['met']} of {one['judged']})" in card
