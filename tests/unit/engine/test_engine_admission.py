"""Slots, cancels, and requests that cannot start."""

from pathlib import Path

import pytest

from tests.unit.engine.requests import finished, new_engine, new_request, run_to_end
from worker.engine.errors import ModelInUse, ModelUnavailable, NoFreeSlot
from worker.engine.events import Canceled, Failed


def test_a_cancel_acts_within_one_tick(tiny: Path) -> None:
    engine = new_engine({"tiny": tiny})
    engine.admit(new_request("canceled", seeds=(1, 2)))
    engine.admit(new_request("other", num_inference_steps=3))
    engine.step()
    engine.step()

    engine.cancel("canceled")
    events = engine.step()

    assert Canceled("canceled", steps_done=2) in events
    assert {event.id for event in events} == {"canceled", "other"}
    assert list(finished([events])) == ["other"]
    assert not engine.has_work


def test_a_cancel_before_the_first_step(tiny: Path) -> None:
    engine = new_engine({"tiny": tiny})
    engine.admit(new_request("job"))
    engine.cancel("job")
    engine.cancel("job")
    assert engine.step() == [Canceled("job", steps_done=0)]
    assert engine.free_slots == 8


def test_a_cancel_after_the_end_changes_nothing(tiny: Path) -> None:
    engine = new_engine({"tiny": tiny})
    run_to_end(engine, {0: [new_request("job", num_inference_steps=1)]})
    engine.cancel("job")
    assert engine.step() == []
    run_to_end(engine, {0: [new_request("job", num_inference_steps=1)]})


def test_slots_bound_the_generations(tiny: Path) -> None:
    engine = new_engine({"tiny": tiny}, max_slots=2)
    engine.admit(new_request("one", num_inference_steps=2))
    engine.step()
    engine.admit(new_request("two"))
    assert engine.free_slots == 0
    with pytest.raises(NoFreeSlot):
        engine.admit(new_request("three"))

    engine.step()

    assert engine.free_slots == 1
    engine.admit(new_request("three"))


def test_an_id_runs_once_and_asks_for_an_image(tiny: Path) -> None:
    engine = new_engine({"tiny": tiny})
    engine.admit(new_request("job"))
    for bad in (new_request("job"), new_request("empty", seeds=())):
        with pytest.raises(ValueError, match=bad.id):
            engine.admit(bad)


def test_a_model_is_loaded_before_it_is_used(tiny: Path) -> None:
    engine = new_engine({"tiny": tiny})
    with pytest.raises(ModelUnavailable, match="absent"):
        engine.admit(new_request("job", model="absent"))


@pytest.mark.parametrize(
    ("bad", "code", "message"),
    [
        ({"scheduler": "magic"}, "unsupported", "magic"),
        ({"width_px": 63}, "generation-error", "63x64"),
    ],
)
def test_a_request_that_cannot_start_fails_alone(
    tiny: Path, bad: dict[str, object], code: str, message: str
) -> None:
    engine = new_engine({"tiny": tiny})
    ticks = run_to_end(engine, {0: [new_request("bad", **bad), new_request("good")]})

    failed = [event for tick in ticks for event in tick if isinstance(event, Failed)]
    assert [(event.id, event.code) for event in failed] == [("bad", code)]
    assert message in failed[0].message
    assert list(finished(ticks)) == ["good"]
    assert engine.free_slots == 8


def test_a_model_is_unloaded_when_nothing_of_it_runs(tiny: Path) -> None:
    engine = new_engine({"tiny": tiny, "other": tiny})
    engine.admit(new_request("job", num_inference_steps=2))
    with pytest.raises(ModelInUse):
        engine.unload("tiny")
    engine.step()
    with pytest.raises(ModelInUse):
        engine.unload("tiny")
    engine.unload("other")
    assert finished(run_to_end(engine, {}))

    engine.unload("tiny")
    engine.unload("tiny")
    with pytest.raises(ModelUnavailable):
        engine.admit(new_request("late"))
    engine.load("tiny")
    assert finished(run_to_end(engine, {0: [new_request("late")]}))
