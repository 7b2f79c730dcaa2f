"""Schedulers come from the model's own configuration, as its pipeline corrects it."""

from pathlib import Path

import pytest
import torch

from tests.unit.engine.requests import CPU
from worker.engine.loading import load_model
from worker.engine.model import Schedule
from worker.engine.schedulers import SCHEDULERS, make_scheduler


def schedule(name: str) -> Schedule:
    return Schedule(name=name, sigmas="default", num_inference_steps=10, width_px=64, height_px=64)


@pytest.mark.parametrize("name", SCHEDULERS)
def test_an_old_configuration_is_corrected(tiny_epsilon: Path, name: str) -> None:
    scheduler = load_model(tiny_epsilon, "sd15", CPU, torch.float32).make_scheduler(schedule(name))
    assert scheduler.config.steps_offset == 1
    assert not getattr(scheduler.config, "clip_sample", False)


@pytest.mark.parametrize("name", SCHEDULERS)
def test_prediction_type_spacing_and_zero_terminal_snr_are_kept(tiny: Path, name: str) -> None:
    scheduler = load_model(tiny, "sd15", CPU, torch.float32).make_scheduler(schedule(name))
    assert scheduler.config.prediction_type == "v_prediction"
    assert scheduler.timesteps[0] == 999
    assert scheduler.alphas_cumprod[-1] < 1e-7


def test_dpm_2m_is_itself_whatever_the_model_was_saved_with() -> None:
    saved = {"algorithm_type": "sde-dpmsolver++", "solver_order": 3}
    config = make_scheduler("dpm++2m", saved, 10).config
    assert (config.algorithm_type, config.solver_order) == ("dpmsolver++", 2)


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"'heun'; there are ddim, euler, dpm\+\+2m"):
        make_scheduler("heun", {}, 10)
