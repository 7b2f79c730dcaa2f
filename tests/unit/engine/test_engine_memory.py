"""A device whose memory ends: passes shrink, recover, and one that is too large fails alone."""

from collections.abc import Iterable
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
from worker.engine.budget import RECOVERY_PASSES, FixedRowBudget, MeasuredRowBudget
from worker.engine.engine import Engine
from worker.engine.events import EngineEvent, Failed
from worker.engine.families.sd15 import StableDiffusion1
from worker.engine.loading import load_model
from worker.engine.member import BatchKey
from worker.engine.memory import DeviceMemory
from worker.engine.profile import ProfileFolder, Rehearsal
from worker.engine.request import SecondPass

ERRORS = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
    RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to"),
]


@pytest.fixture
def model(tiny: Path) -> StableDiffusion1:
    loaded = load_model(tiny, "sd15", CPU, torch.float32)
    assert isinstance(loaded, StableDiffusion1)
    return loaded


def end_memory_above(module: torch.nn.Module, num_rows: int, error: Exception) -> list[int]:
    """Let a module raise above so many rows; return the list of what it was asked for."""
    asked: list[int] = []

    def refuse_wide(_module: Any, args: tuple[torch.Tensor, ...]) -> None:
        asked.append(len(args[0]))
        if len(args[0]) > num_rows:
            raise error

    module.register_forward_pre_hook(refuse_wide)
    return asked


def make_engine(model: Any, **changes: Any) -> Engine:
    engine = Engine(lambda _name: model, CPU, torch.float32, max_slots=8, **changes)
    engine.load("tiny")
    return engine


def failures(ticks: Iterable[Iterable[EngineEvent]]) -> list[tuple[str, str]]:
    failed = [event for tick in ticks for event in tick if isinstance(event, Failed)]
    assert not any(event.is_retryable for event in failed)
    return [(event.id, event.code) for event in failed]


@pytest.mark.parametrize("error", ERRORS, ids=["device", "host"])
def test_a_pass_that_does_not_fit_is_halved_and_so_are_those_that_follow(
    tiny: Path, model: StableDiffusion1, error: Exception
) -> None:
    asked = end_memory_above(model._pipeline.unet, 4, error)
    requests = [new_request(f"{seed}", seeds=(seed,), num_inference_steps=4) for seed in range(6)]
    ticks = run_to_end(make_engine(model), {0: requests})

    assert asked[:7] == [12, 6, 3, 3, 6, 3, 3]
    assert max(asked[7:]) <= 4  # six rows is half of twelve, and that did not fit either
    assert not failures(ticks)
    for request in requests:
        check_equals_diffusers(tiny, request, finished(ticks)[request.id])


def test_the_width_comes_back_slowly(model: StableDiffusion1) -> None:
    hook_until = 3
    asked: list[int] = []

    def refuse_early(_unet: Any, args: tuple[torch.Tensor, ...]) -> None:
        asked.append(len(args[0]))
        if len(asked) <= hook_until and len(args[0]) > 2:
            raise ERRORS[0]

    model._pipeline.unet.register_forward_pre_hook(refuse_early)
    long = new_request("long", seeds=(1, 2), num_inference_steps=3 * RECOVERY_PASSES)
    assert not failures(run_to_end(make_engine(model), {0: [long]}))
    assert asked[:3] == [4, 2, 2]
    narrow = asked[3:].index(4)
    assert set(asked[3 : 3 + narrow]) == {2}
    assert RECOVERY_PASSES < narrow <= 2 * RECOVERY_PASSES
    assert set(asked[3 + narrow :]) <= {4, 2}


def test_one_whose_rows_never_fit_fails_alone_and_costs_the_others_no_width(
    tiny: Path, model: StableDiffusion1
) -> None:
    poison = next(iter(model.encode_text("poison").tensors.values()))
    asked: list[int] = []

    def refuse_poison(_unet: Any, _args: Any, kwargs: dict[str, torch.Tensor]) -> None:
        rows = kwargs["encoder_hidden_states"]
        asked.append(len(rows))
        if any(torch.equal(row, poison[0]) for row in rows):
            raise ERRORS[0]

    model._pipeline.unet.register_forward_pre_hook(refuse_poison, with_kwargs=True)
    good = [new_request("one"), new_request("two", scheduler="euler")]
    bad = new_request("bad", prompt="poison")
    ticks = run_to_end(make_engine(model), {0: good, 2: [bad]})

    assert failures(ticks) == [("bad", "out-of-memory")]
    assert asked[-1] == 4
    for request in good:
        check_equals_diffusers(tiny, request, finished(ticks)[request.id])


def test_pictures_are_decoded_as_many_at_a_time_as_fit(tiny: Path, model: StableDiffusion1) -> None:
    asked = end_memory_above(model._pipeline.vae.post_quant_conv, 1, ERRORS[0])
    request = new_request("job", seeds=(1, 2, 3), num_inference_steps=2)
    ticks = run_to_end(make_engine(model), {0: [request]})
    assert max(asked) == 3
    check_equals_diffusers(tiny, request, finished(ticks)["job"])


def test_a_picture_that_does_not_fit_fails_its_generation_alone(
    tiny: Path, model: StableDiffusion1
) -> None:
    def refuse_large(_conv: Any, args: tuple[torch.Tensor]) -> None:
        if args[0].shape[-1] > 8:
            raise ERRORS[0]

    model._pipeline.vae.post_quant_conv.register_forward_pre_hook(refuse_large)
    large = new_request("large", width_px=96, num_inference_steps=1)
    small = new_request("small")
    ticks = run_to_end(make_engine(model), {0: [large, small]})
    assert failures(ticks) == [("large", "out-of-memory")]
    check_equals_diffusers(tiny, small, finished(ticks)["small"])


class ScarceBudget:
    """Has memory for some generations and lacks it for others, in the order they ask."""

    def __init__(self, lacks: list[str | None]) -> None:
        self._lacks = lacks

    def learn(self, key: BatchKey, rehearsal: Rehearsal) -> None: ...

    def max_rows(self, key: BatchKey) -> int:  # noqa: ARG002
        return 16

    def cost(self, key: BatchKey, num_rows: int) -> float:  # noqa: ARG002
        return 1.0

    def find_lack(self, key: BatchKey, held_bytes: int) -> str | None:
        assert key.shape
        assert held_bytes > 0
        return self._lacks.pop(0) if self._lacks else None


def test_what_does_not_fit_beside_others_waits_for_one_of_them_to_end(model: Any) -> None:
    budget = ScarceBudget([None, "full", None])
    first, second = new_request("first", num_inference_steps=3), new_request("second")
    engine = make_engine(model, row_budget=budget)
    ticks = run_to_end(engine, {0: [first, second, new_request("third")]})
    begun = {
        name: next(number for number, tick in enumerate(ticks) if name in {e.id for e in tick})
        for name in ("first", "second", "third")
    }
    assert begun == {"first": 0, "second": 3, "third": 3}
    assert len(finished(ticks)) == 3


def test_what_does_not_fit_even_alone_is_refused_with_the_reason(tiny: Path, model: Any) -> None:
    memory = DeviceMemory(CPU, limit_bytes=0)
    budget = MeasuredRowBudget(ProfileFolder(None, {}), memory, lambda model: model)
    ticks = run_to_end(make_engine(model, row_budget=budget), {0: [new_request("job")]})
    (failed,) = (event for tick in ticks for event in tick)
    assert isinstance(failed, Failed)
    assert failed.code == "out-of-memory"
    assert failed.message == "needs 1 MB beside the models; 0 MB are free"


def test_a_second_size_is_learned_before_it_runs(model: Any) -> None:
    learned: list[int] = []

    class Listening(FixedRowBudget):
        def learn(self, key: BatchKey, rehearsal: Rehearsal) -> None:
            rehearsal.run_pass(3)
            rehearsal.decode()
            learned.append(key.shape[0][-1])

    second = SecondPass(width_px=96, height_px=64, strength=0.5, num_inference_steps=4)
    request = new_request("job", second_pass=second)
    plain = run_to_end(make_engine(model), {0: [request]})
    ticks = run_to_end(make_engine(model, row_budget=Listening(4)), {0: [request]})
    assert learned == [8, 12]
    assert (finished(ticks)["job"].images[0] == finished(plain)["job"].images[0]).all()
