"""A generation that breaks its forward pass, its latents or its picture harms no other."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.unit.engine.requests import (
    CPU,
    check_equals_diffusers,
    finished,
    new_request,
    run_to_end,
)
from worker.engine.engine import Engine
from worker.engine.events import EngineEvent, Failed
from worker.engine.families.sd15 import StableDiffusion1
from worker.engine.loading import load_model
from worker.engine.model import Schedule

POISON = "poison"


class Poisoned(Exception):
    pass


@pytest.fixture
def model(tiny: Path) -> StableDiffusion1:
    loaded = load_model(tiny, "sd15", CPU, torch.float32)
    assert isinstance(loaded, StableDiffusion1)
    return loaded


def test_one_that_raises_in_the_shared_forward_fails_alone(
    tiny: Path, model: StableDiffusion1
) -> None:
    poison = model.encode_text(POISON).tensors["encoder_hidden_states"][0]
    forwards = []

    def refuse_poison(_unet: Any, _args: Any, kwargs: dict[str, torch.Tensor]) -> None:
        forwards.append(len(kwargs["encoder_hidden_states"]))
        if any(torch.equal(row, poison) for row in kwargs["encoder_hidden_states"]):
            raise Poisoned

    model._pipeline.unet.register_forward_pre_hook(refuse_poison, with_kwargs=True)
    ticks = _run_beside(model, new_request(POISON, prompt=POISON))

    assert forwards[:2] == [4, 4]
    assert forwards[2] == 6  # it joins,
    assert sorted(forwards[3:6]) == [2, 2, 2]  # each is tried alone,
    assert forwards[6] == 4  # and it is gone
    _check_only_poison_failed(tiny, ticks, "generation-error")


def test_one_whose_latents_are_no_numbers_fails_alone(tiny: Path, model: StableDiffusion1) -> None:
    poison = new_request(POISON, guidance_scale=float("inf"))
    ticks = _run_beside(model, poison)

    assert POISON in {event.id for event in ticks[2]}
    _check_only_poison_failed(tiny, ticks, "non-finite-latents")


def test_one_whose_picture_does_not_decode_fails_alone(tiny: Path, model: StableDiffusion1) -> None:
    def refuse_wide(_conv: Any, args: tuple[torch.Tensor]) -> None:
        if len(args[0]) > 1:
            raise Poisoned

    model._pipeline.vae.post_quant_conv.register_forward_pre_hook(refuse_wide)
    ticks = _run_beside(model, new_request(POISON, seeds=(1, 2), num_inference_steps=1))

    _check_only_poison_failed(tiny, ticks, "generation-error")


def test_one_whose_scheduler_raises_fails_alone(
    tiny: Path, model: StableDiffusion1, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_scheduler: Callable[..., Any] = model.make_scheduler

    def make_short_scheduler(schedule: Schedule) -> Any:
        scheduler = make_scheduler(schedule)
        if schedule.num_inference_steps == 99:
            scheduler.sigmas = scheduler.sigmas[:1]
        return scheduler

    monkeypatch.setattr(model, "make_scheduler", make_short_scheduler)
    poison = new_request(POISON, scheduler="euler", num_inference_steps=99)
    _check_only_poison_failed(tiny, _run_beside(model, poison), "generation-error")


def test_a_lost_device_is_nobodys_own_failure(model: StableDiffusion1) -> None:
    def lose_device(*_args: Any) -> None:
        raise torch.AcceleratorError("an illegal memory access was encountered")

    model._pipeline.unet.register_forward_pre_hook(lose_device)
    with pytest.raises(torch.AcceleratorError):
        _run_beside(model, new_request(POISON))


def _run_beside(model: StableDiffusion1, poison: Any) -> list[list[EngineEvent]]:
    engine = Engine(lambda _name: model, CPU, torch.float32, max_slots=8)
    engine.load("tiny")
    return run_to_end(engine, {0: list(_neighbours()), 2: [poison]})


def _neighbours() -> tuple[Any, ...]:
    return new_request("one", scheduler="dpm++2m"), new_request("two", scheduler="euler")


def _check_only_poison_failed(tiny: Path, ticks: list[list[EngineEvent]], code: str) -> None:
    failed = [event for tick in ticks for event in tick if isinstance(event, Failed)]
    assert [(event.id, event.code) for event in failed] == [(POISON, code)]
    done = finished(ticks)
    assert set(done) == {"one", "two"}
    for request in _neighbours():
        check_equals_diffusers(tiny, request, done[request.id])
