"""A generation that gives up its slot for a while ends with the same picture."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.unit.engine.requests import (
    check_equals_diffusers,
    check_same_picture,
    finished,
    new_engine,
    new_request,
    run_to_end,
)
from worker.engine.budget import FixedRowBudget
from worker.engine.engine import Engine
from worker.engine.errors import ModelInUse, NoFreeSlot
from worker.engine.events import Canceled, EngineEvent
from worker.engine.request import GenerationRequest, Priority, SecondPass

SCHEDULERS = ["ddim", "euler", "dpm++2m"]
# One that draws noise at each step, one of two forward passes a step, and a second pass.
CHANGES: list[dict[str, object]] = [
    {"scheduler": "euler-a"},
    {"scheduler": "heun"},
    {"second_pass": SecondPass(width_px=96, height_px=96, strength=0.6, num_inference_steps=5)},
]


def ids(events: Iterable[EngineEvent]) -> set[str]:
    return {event.id for event in events}


def low(name: str, **changes: object) -> GenerationRequest:
    return new_request(name, tenant="t", priority=Priority.LOW, **changes)


def high(name: str, **changes: object) -> GenerationRequest:
    return new_request(name, tenant="t", priority=Priority.HIGH, **changes)


def start(folder: Path, *requests: GenerationRequest, max_slots: int = 1) -> Engine:
    engine = new_engine({"tiny": folder}, max_slots=max_slots)
    for request in requests:
        engine.admit(request)
    return engine


@pytest.mark.parametrize("scheduler", SCHEDULERS)
def test_an_urgent_one_takes_the_slot_and_both_pictures_are_the_same(
    tiny: Path, scheduler: str
) -> None:
    patient = low("patient", scheduler=scheduler, seeds=(1, 2), num_inference_steps=7)
    urgent = high("urgent", num_inference_steps=3, seeds=(3,))
    engine = start(tiny, patient)
    ticks = [engine.step() for _ in range(3)]

    engine.pause("patient")
    assert engine.free_slots == 1
    engine.admit(urgent)
    assert engine.free_slots == 0
    ticks += [engine.step() for _ in range(3)]
    assert [ids(tick) for tick in ticks[3:]] == [{"urgent"}] * 3  # from the very next tick on
    assert not engine.has_work
    assert engine.step() == []

    engine.resume("patient")
    assert engine.has_work
    ticks += run_to_end(engine, {})
    assert len(ticks) == 3 + 3 + 1 + 4 - 1
    done = finished(ticks)
    for request in (patient, urgent):
        check_equals_diffusers(tiny, request, done[request.id])


@pytest.mark.parametrize("changes", CHANGES, ids=str)
def test_paused_again_and_again_among_strangers(tiny: Path, changes: dict[str, object]) -> None:
    patient = low("patient", num_inference_steps=9, **changes)
    alone = finished(run_to_end(start(tiny, patient), {}))["patient"]
    strangers = [new_request(f"{seed}", seeds=(seed,), num_inference_steps=12) for seed in (5, 6)]
    engine = start(tiny, patient, *strangers, max_slots=4)
    ticks: list[list[EngineEvent]] = []
    while engine.has_work or "patient" not in finished(ticks):
        engine.pause("patient")
        ticks.append(engine.step())
        assert "patient" not in ids(ticks[-1]) or len(ticks) == 1
        engine.resume("patient")
        ticks.append(engine.step())
        if "patient" in finished(ticks):
            ticks += run_to_end(engine, {})
    check_same_picture(finished(ticks)["patient"].images[0], alone.images[0])
    for request in strangers:
        check_equals_diffusers(tiny, request, finished(ticks)[request.id])


def test_one_that_has_not_begun_is_paused_too(tiny: Path) -> None:
    patient = low("patient", num_inference_steps=2)
    engine = start(tiny, patient)
    engine.pause("patient")
    engine.admit(high("urgent", num_inference_steps=1))
    assert ids(engine.step()) == {"urgent"}
    engine.resume("patient")
    check_equals_diffusers(tiny, patient, finished(run_to_end(engine, {}))["patient"])


def test_a_pause_that_was_taken_back_changes_nothing(tiny: Path) -> None:
    engine = start(tiny, low("patient", num_inference_steps=3), max_slots=2)
    engine.step()
    engine.pause("patient")
    engine.resume("patient")
    assert ids(engine.step()) == {"patient"}
    assert engine.free_slots == 1
    run_to_end(engine, {})


def test_a_paused_one_needs_a_slot_to_go_on(tiny: Path) -> None:
    engine = start(tiny, low("patient"))
    engine.step()
    engine.pause("patient")
    engine.pause("patient")
    engine.admit(high("urgent"))
    engine.step()
    with pytest.raises(NoFreeSlot):
        engine.resume("patient")
    engine.cancel("urgent")
    engine.step()
    with pytest.raises(ValueError, match="patient"):
        engine.admit(low("patient"))
    with pytest.raises(ValueError, match="urgent"):
        engine.resume("urgent")
    engine.resume("patient")
    with pytest.raises(NoFreeSlot):
        engine.admit(high("late"))
    run_to_end(engine, {})


def test_a_paused_one_is_canceled_within_one_tick(tiny: Path) -> None:
    engine = start(tiny, low("patient"))
    engine.step()
    engine.pause("patient")
    engine.step()
    with pytest.raises(ModelInUse):
        engine.unload("tiny")
    engine.cancel("patient")
    assert engine.has_work
    assert engine.step() == [Canceled("patient", steps_done=1)]
    assert not engine.has_work
    engine.pause("patient")
    assert engine.free_slots == 1
    engine.unload("tiny")


def test_one_canceled_on_its_way_out_or_back_is_gone(tiny: Path) -> None:
    engine = start(tiny, low("patient"), max_slots=2)
    engine.step()
    engine.pause("patient")
    engine.cancel("patient")
    assert engine.step() == [Canceled("patient", steps_done=1)]
    engine.admit(low("patient"))
    engine.pause("patient")
    engine.step()
    engine.resume("patient")
    engine.cancel("patient")
    assert engine.step() == [Canceled("patient", steps_done=0)]
    assert engine.free_slots == 2


def test_the_urgent_of_a_tenant_go_first_and_no_strangers(tiny: Path) -> None:
    """In a tick for two images, a high one and a stranger run while the low one waits."""
    engine = new_engine({"tiny": tiny}, row_budget=FixedRowBudget(rows=4))
    engine.admit(low("patient", num_inference_steps=2))
    engine.admit(new_request("stranger", priority=Priority.LOW, num_inference_steps=5))
    assert ids(engine.step()) == {"patient", "stranger"}
    engine.admit(high("urgent", num_inference_steps=3))
    ticks = [engine.step() for _ in range(3)]
    assert [ids(tick) for tick in ticks] == [{"urgent", "stranger"}] * 3
    assert ids(engine.step()) == {"patient", "stranger"}
