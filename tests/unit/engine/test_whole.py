"""Pipelines without a step adapter run whole: a step a tick, and equal to what they make alone."""

import threading
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import DiffusionPipeline

from tests.unit.engine.requests import (
    CPU,
    check_equals_diffusers,
    check_same_picture,
    finished,
    new_request,
    run_to_end,
)
from tests.unit.engine.tiny.families import save_tiny
from tests.unit.engine.tiny.whole import make_aura_flow, make_pixart
from worker.engine.engine import Engine
from worker.engine.errors import ModelUnavailable
from worker.engine.events import Canceled, EngineEvent, Failed, Pixels, StepDone
from worker.engine.loading import load_model, load_whole
from worker.engine.request import GenerationRequest, Variation
from worker.engine.whole import WholeModel

FAMILIES: dict[str, Callable[[], Any]] = {"aura": make_aura_flow, "pixart": make_pixart}
SCHEDULER = {"aura": "flow-euler", "pixart": "dpm++2m"}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory, tiny: Path) -> dict[str, Path]:
    made = {name: tmp_path_factory.mktemp(name) for name in FAMILIES}
    for name, make in FAMILIES.items():
        save_tiny(make, made[name])
    return made | {"tiny": tiny}


@pytest.fixture
def engine(folders: dict[str, Path]) -> Engine:
    def load(name: str) -> Any:
        if name == "tiny":
            return load_model(folders[name], "sd15", CPU, torch.float32)
        return load_whole(folders[name], CPU, torch.float32)

    engine = Engine(load, CPU, torch.float32, max_slots=8)
    for name in folders:
        engine.load(name)
    return engine


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Any:
    yield
    assert not _threads()


def ask(name: str, model: str, **changes: Any) -> GenerationRequest:
    return new_request(name, **({"model": model, "scheduler": SCHEDULER[model]} | changes))


@pytest.mark.parametrize("model", FAMILIES)
def test_pictures_in_company_equal_those_of_the_pipeline_alone(
    model: str, folders: dict[str, Path], engine: Engine
) -> None:
    stepped = new_request("stepped", num_inference_steps=9)
    wholes = [
        ask("long", model, num_inference_steps=7, negative_prompt="blue", guidance_scale=4.0),
        ask("two", model, num_inference_steps=3, seeds=(4, 5), prompt="two stars"),
    ]
    done = finished(run_to_end(engine, {0: [stepped, wholes[0]], 2: [wholes[1]]}))
    check_equals_diffusers(folders["tiny"], stepped, done["stepped"])
    for request in wholes:
        assert done[request.id].warnings == ()
        for index, picture in enumerate(done[request.id].images):
            check_same_picture(picture, stock_image(folders[model], request, index))


def test_a_tick_is_a_step_of_one_of_them(engine: Engine) -> None:
    requests = [ask("one", "aura", num_inference_steps=3), ask("two", "aura", seeds=(1, 2))]
    ticks = run_to_end(engine, {0: requests})
    steps = [[event for event in tick if isinstance(event, StepDone)] for tick in ticks]
    assert max(len(tick) for tick in steps) == 1
    told = [(event.step, event.steps) for tick in steps for event in tick if event.id == "one"]
    assert told[:3] == [(1, 3), (2, 3), (3, 3)]
    told = [(event.step, event.steps) for tick in steps for event in tick if event.id == "two"]
    assert told == sorted(told)
    assert told[-1] == (6, 6)


def test_a_cancel_acts_before_the_next_step(engine: Engine) -> None:
    engine.admit(ask("job", "aura", num_inference_steps=50))
    for _ in range(3):
        engine.step()
    assert len(_threads()) == 1
    engine.cancel("job")
    assert engine.step() == [Canceled("job", 3)]
    assert not _threads()
    assert not engine.has_work


def test_one_that_never_began_can_be_canceled(engine: Engine) -> None:
    engine.admit(ask("first", "aura"))
    engine.admit(ask("second", "aura"))
    engine.step()  # of the first
    for name in ("first", "second"):
        engine.cancel(name)
    assert [type(event) for event in engine.step()] == [Canceled, Canceled]


def test_a_paused_one_ends_with_the_same_picture(folders: dict[str, Path], engine: Engine) -> None:
    request = ask("job", "aura")
    engine.admit(request)
    events = [engine.step(), engine.step()]
    engine.pause("job")
    assert engine.step() == []
    assert engine.step() == []
    engine.resume("job")
    done = finished([*events, *run_to_end(engine, {})])
    check_same_picture(done["job"].images[0], stock_image(folders["aura"], request))


def test_an_error_within_fails_that_one_alone(folders: dict[str, Path], engine: Engine) -> None:
    good = ask("good", "aura")
    requests = [good, ask("odd", "aura", width_px=63), ask("unknown", "aura", scheduler="ddim")]
    ticks = run_to_end(engine, {0: requests})
    failed = {event.id: event for event in _events(ticks) if isinstance(event, Failed)}
    assert set(failed) == {"odd", "unknown"}
    assert "does not fit" in failed["unknown"].message
    check_same_picture(finished(ticks)["good"].images[0], stock_image(folders["aura"], good))


def test_a_picture_that_is_no_number_says_so(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = engine._models["aura"]
    assert isinstance(model, WholeModel)
    bias = model._pipeline.vae.decoder.conv_out.bias
    with torch.inference_mode(False):
        monkeypatch.setattr(bias, "data", torch.full_like(bias.data, torch.nan))
    events = _events(run_to_end(engine, {0: [ask("job", "aura")]}))
    assert [event.code for event in events if isinstance(event, Failed)] == ["non-finite-latents"]


def test_one_that_tells_nothing_of_its_steps_makes_its_image_in_a_tick(engine: Engine) -> None:
    model = engine._models["aura"]
    assert isinstance(model, WholeModel)
    model._known = {name: kind for name, kind in model._known.items() if "callback" not in name}  # type: ignore[assignment]
    ticks = run_to_end(engine, {0: [ask("job", "aura", seeds=(1, 2))]})
    assert len(ticks) == 2
    assert finished(ticks)["job"].warnings[0].startswith("no-steps: ")


def test_it_begins_from_noise_alone(engine: Engine) -> None:
    request = ask("job", "aura")
    image = request.images[0]
    varied = type(image)(
        seed=1, prompt="", negative_prompt="", variation=Variation(seed=2, strength=0.5)
    )
    events = _events(run_to_end(engine, {0: [ask("job", "aura", images=(varied,))]}))
    [failed] = [event for event in events if isinstance(event, Failed)]
    assert failed.code == "unsupported"
    assert "from a prompt alone" in failed.message


@pytest.mark.parametrize("named", ["NoSuchPipeline", ["pipeline.py", "Mine"], None])
def test_no_other_pipeline_than_the_librarys_own_is_loaded(named: Any, tmp_path: Path) -> None:
    import json

    (tmp_path / "model_index.json").write_text(json.dumps({"_class_name": named}))
    (tmp_path / "pipeline.py").write_text("raise SystemExit")
    with pytest.raises(ModelUnavailable, match="diffusers has no pipeline"):
        load_whole(tmp_path, CPU, torch.float32)


def stock_image(folder: Path, request: GenerationRequest, index: int = 0) -> Pixels:
    image = request.images[index]
    result = _stock_pipeline(folder)(
        image.prompt,
        negative_prompt=image.negative_prompt,
        width=request.width_px,
        height=request.height_px,
        num_inference_steps=request.num_inference_steps,
        guidance_scale=request.guidance_scale,
        generator=torch.Generator("cpu").manual_seed(image.seed),
    )
    return np.asarray(result.images[0])


@cache
def _stock_pipeline(folder: Path) -> Any:
    pipeline = DiffusionPipeline.from_pretrained(folder, dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def _threads() -> list[threading.Thread]:
    return [one for one in threading.enumerate() if one.name == "whole-generation"]


def _events(ticks: list[list[EngineEvent]]) -> list[EngineEvent]:
    return [event for tick in ticks for event in tick]
