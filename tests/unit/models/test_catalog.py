"""The catalog promises what the engine can do with each model, and no less."""

import json
from pathlib import Path
from typing import get_args

import pytest

from shared.models.catalog import Catalog, ModelEntry, Spacing, Task
from worker.engine.scheduler_names import SPACINGS, list_schedulers

CATALOG = Catalog.load(Path(__file__).parents[3] / "models" / "catalog.toml")
MODELS = CATALOG.list_models()
# Made flat or pale pictures when they were looked at: what a model has and does not offer.
LEFT_OUT = {("mini", "beta"): {"euler", "dpm++2m", "dpm++2m-sde", "unipc"}}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.id)
def test_the_schedulers_are_those_that_fit_the_model(model: ModelEntry) -> None:
    config = json.loads((model.path / "scheduler" / "scheduler_config.json").read_text())
    assert sorted(model.schedulers) == sorted(list_schedulers(config))
    assert model.defaults.scheduler in model.schedulers


@pytest.mark.parametrize("spacing", get_args(Spacing))
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.id)
def test_a_spacing_names_every_scheduler_that_has_it(model: ModelEntry, spacing: Spacing) -> None:
    with_it = {name for name in model.schedulers if spacing in SPACINGS[name]}
    left_out = LEFT_OUT.get((model.id, spacing), set())
    assert left_out <= with_it
    assert set(model.sigmas[spacing]) == with_it - left_out


def test_the_bundled_model_does_every_task() -> None:
    assert set(CATALOG.get_model("mini").tasks) == set(get_args(Task))
