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


def test_it_obeys_a_plain_prompt(pipeline: Pipeline) -> None:
    words = ["a large red circle on a blue background"]
    (picture,) = make_pictures(pipeline, words, Setting(), seed=0)
    assert picture.shape == (128, 128, 3)
    background, found = find_things(picture)
    assert background == "blue"
    assert [(one.color, one.shape, one.size) for one in found] == [("red", "circle", "large")]
