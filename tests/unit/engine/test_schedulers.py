"""Schedulers come from the model's own configuration, as its pipeline corrects it."""

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import DDIMScheduler, FlowMatchEulerDiscreteScheduler, PNDMScheduler

from tests.unit.engine.conftest import V_PREDICTION
from tests.unit.engine.requests import new_engine, new_request, run_to_end
from tests.unit.engine.stock import ALL_SPACINGS, FLOW, SPACED, STOCK, stock_scheduler
from worker.engine.events import Failed
from worker.engine.scheduler_names import SCHEDULERS, SPACINGS, list_schedulers
from worker.engine.schedulers import draw_from, make_scheduler


def new(scheduler_class: Any, **config: Any) -> Any:
    return scheduler_class(**config)


V_MODEL = new(DDIMScheduler, **V_PREDICTION).config
NOISE_MODEL = new(PNDMScheduler, prediction_type="epsilon", steps_offset=1).config
FLOW_MODEL = new(FlowMatchEulerDiscreteScheduler, shift=3.0).config
MODELS = {"v_prediction": V_MODEL, "epsilon": NOISE_MODEL}
SPACED_NAMES = [(name, sigmas) for name in STOCK for sigmas in SPACINGS[name]]


def test_the_names_and_spacings_are_those_promised() -> None:
    assert SCHEDULERS.keys() == (STOCK | FLOW).keys()
    expected = {name: ALL_SPACINGS if name in SPACED else ("default",) for name in SCHEDULERS}
    assert expected == SPACINGS


@pytest.mark.parametrize(("name", "sigmas"), SPACED_NAMES)
def test_class_and_timesteps_are_those_of_stock_diffusers(name: str, sigmas: str) -> None:
    for steps, model in ((1, "epsilon"), (61, "v_prediction")):
        request = new_request("any", scheduler=name, sigmas=sigmas, num_inference_steps=steps)
        stock = stock_scheduler(request, request.images[0], MODELS[model])
        stock.set_timesteps(steps)
        made: Any = make_scheduler(name, MODELS[model], steps, sigmas=sigmas)
        assert type(made) is type(stock)
        assert made.config.prediction_type == model
        torch.testing.assert_close(made.timesteps, stock.timesteps, atol=0, rtol=0)
        torch.testing.assert_close(made.init_noise_sigma, stock.init_noise_sigma, atol=0, rtol=0)


def test_a_request_that_asks_for_none_it_has_fails_as_unsupported(tiny: Path) -> None:
    wrong = new_request("job", scheduler="ddpm", sigmas="karras")
    ticks = run_to_end(new_engine({"tiny": tiny}), {0: [wrong]})
    (failed,) = (event for tick in ticks for event in tick)
    assert isinstance(failed, Failed)
    assert (failed.code, failed.is_retryable) == ("unsupported", False)
    assert failed.message == "scheduler ddpm has no sigmas 'karras'; it has default"


def test_a_flow_is_shifted_as_its_pipeline_says() -> None:
    dynamic = new(FlowMatchEulerDiscreteScheduler, use_dynamic_shifting=True)
    layout = {"mu": 0.9, "sigmas": [1.0, 0.75, 0.5, 0.25]}
    dynamic.set_timesteps(4, **layout)
    made = make_scheduler("flow-euler", dynamic.config, 4, layout)
    torch.testing.assert_close(made.timesteps, dynamic.timesteps, atol=0, rtol=0)
    latents = torch.ones(1, 4, 2, 2)
    assert made.init_noise_sigma == 1
    assert made.scale_model_input(latents, made.timesteps[0]) is latents


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"'k_euler'; there are ddpm, ddim, pndm, lms, euler"):
        make_scheduler("k_euler", V_MODEL, 10)


@pytest.mark.parametrize("name", [name for name in STOCK if name not in SPACED])
def test_a_spacing_that_the_library_lacks_is_answered_with_what_it_has(name: str) -> None:
    with pytest.raises(ValueError, match=rf"{name} has no sigmas 'karras'; it has default"):
        make_scheduler(name, V_MODEL, 10, sigmas="karras")
    with pytest.raises(ValueError, match="it has default, karras, exponential, beta"):
        make_scheduler("euler", V_MODEL, 10, sigmas="sgm-uniform")


def test_flows_and_noise_do_not_mix() -> None:
    with pytest.raises(ValueError, match="flow-euler does not fit this model; there are ddpm, "):
        make_scheduler("flow-euler", V_MODEL, 10)
    fitting = ["dpm++2m", "deis", "unipc", "flow-euler"]
    for name in STOCK.keys() - set(fitting):
        with pytest.raises(ValueError, match=r"not fit this model; there are dpm\+\+2m, deis"):
            make_scheduler(name, FLOW_MODEL, 10)
    assert list_schedulers(V_MODEL) == list(STOCK)
    assert list_schedulers(FLOW_MODEL) == fitting


def test_only_a_scheduler_for_flows_spaces_their_noise_levels() -> None:
    assert make_scheduler("flow-euler", FLOW_MODEL, 10, sigmas="karras").config.use_karras_sigmas
    with pytest.raises(ValueError, match="unipc has no sigmas 'karras'; it has default"):
        make_scheduler("unipc", FLOW_MODEL, 10, sigmas="karras")


def test_a_name_keeps_its_promise_whatever_the_model_was_saved_with() -> None:
    saved = {
        **NOISE_MODEL,
        "algorithm_type": "sde-dpmsolver",
        "solver_order": 3,
        "solver_type": "heun",
        "clip_sample": True,
        "use_exponential_sigmas": True,
    }
    made = {name: make_scheduler(name, saved, 10).config for name in STOCK}
    assert (made["dpm++2m"].algorithm_type, made["dpm++2m"].solver_order) == ("dpmsolver++", 2)
    assert made["dpm++2m-sde"].algorithm_type == "sde-dpmsolver++"
    assert made["deis"].algorithm_type == "deis"
    assert made["unipc"].solver_type == "bh2"
    for name in ("ddpm", "ddim", "heun", "lcm", "tcd"):
        assert not made[name].clip_sample
    spaced = make_scheduler("euler", saved, 10, sigmas="karras").config
    assert (spaced.use_karras_sigmas, spaced.use_exponential_sigmas) == (True, False)


@pytest.mark.parametrize("name", ["lcm", "tcd"])
def test_distilled_schedulers_take_more_steps_than_their_grid_has(name: str) -> None:
    for steps, grid in ((50, 50), (51, 100), (126, 200), (700, 1000)):
        made = make_scheduler(name, V_MODEL, steps)
        assert made.config.original_inference_steps == grid
        assert (len(made.timesteps), int(made.timesteps[0])) == (steps, 999)


@pytest.mark.parametrize(("name", "sigmas"), SPACED_NAMES)
@pytest.mark.parametrize("model", MODELS)
def test_latents_stay_numbers_and_depend_on_the_seed_where_the_table_says(
    model: str, name: str, sigmas: str
) -> None:
    """Also where rounding makes the first two timesteps equal, over which diffusers stumbles."""
    for steps in (1, 61):
        assert _run(name, sigmas, MODELS[model], steps, seed=1).isfinite().all()
    one, again, other = (_run(name, sigmas, MODELS[model], 4, seed) for seed in (1, 1, 2))
    assert torch.equal(one, again)
    assert torch.equal(one, other) != SCHEDULERS[name].is_random


def _run(name: str, sigmas: str, config: Any, steps: int, seed: int) -> Any:
    scheduler: Any = make_scheduler(name, config, steps, sigmas=sigmas)
    draws = draw_from(scheduler, torch.Generator().manual_seed(seed))
    latents = torch.linspace(-1, 1, 64).reshape(1, 4, 4, 4) * scheduler.init_noise_sigma
    for timestep in scheduler.timesteps:
        predicted = torch.tanh(scheduler.scale_model_input(latents, timestep))
        latents = scheduler.step(predicted, timestep, latents, **draws, return_dict=False)[0]
    return latents
