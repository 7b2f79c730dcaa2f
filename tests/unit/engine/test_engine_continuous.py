"""Generations join and leave between ticks."""

from pathlib import Path

from tests.unit.engine.requests import (
    check_equals_diffusers,
    finished,
    new_engine,
    new_request,
    run_to_end,
)
from worker.engine.budget import FixedRowBudget
from worker.engine.events import EngineEvent, Finished, StepDone


def test_a_short_job_starts_beside_a_long_one_and_ends_first(tiny: Path) -> None:
    long = new_request("long", num_inference_steps=50, prompt="a house")
    short = new_request(
        "short", num_inference_steps=4, guidance_scale=1.0, scheduler="euler", seeds=(9,)
    )
    ticks = run_to_end(new_engine({"tiny": tiny}), {0: [long], 10: [short]})

    assert _steps(ticks[9], "long") == [10]
    assert _steps(ticks[10] + ticks[11], "short")
    assert _end_tick(ticks, "short") == 13
    assert _end_tick(ticks, "long") == 49
    done = finished(ticks)
    check_equals_diffusers(tiny, long, done["long"])
    check_equals_diffusers(tiny, short, done["short"])


def test_sizes_and_models_take_turns(tiny: Path, tiny_epsilon: Path) -> None:
    requests = [
        new_request("small", width_px=32),
        new_request("large"),
        new_request("other model", model="epsilon"),
    ]
    engine = new_engine({"tiny": tiny, "epsilon": tiny_epsilon})
    ticks = run_to_end(engine, {0: requests})

    for first in range(0, len(ticks), 3):
        advanced = {event.id for tick in ticks[first : first + 3] for event in tick}
        assert advanced == {"small", "large", "other model"}


def test_a_generation_wider_than_the_budget_still_ends(tiny: Path) -> None:
    wide = new_request("wide", seeds=(1, 2, 3, 4, 5))
    narrow = new_request("narrow", num_inference_steps=3)
    engine = new_engine({"tiny": tiny}, row_budget=FixedRowBudget(rows=4))
    ticks = run_to_end(engine, {0: [wide], 1: [narrow]})

    done = finished(ticks)
    check_equals_diffusers(tiny, wide, done["wide"])
    check_equals_diffusers(tiny, narrow, done["narrow"])
    assert _end_tick(ticks, "narrow") < _end_tick(ticks, "wide")


def test_one_who_is_alone_advances_in_ticks_of_its_own(tiny: Path) -> None:
    requests = [
        new_request("alone", is_alone=True, seeds=(1, 2)),
        new_request("one"),
        new_request("other"),
    ]
    ticks = run_to_end(new_engine({"tiny": tiny}), {0: requests})

    together = [{event.id for event in tick} for tick in ticks]
    assert {"alone"} in together
    assert {"one", "other"} in together
    assert not [ids for ids in together if "alone" in ids and len(ids) > 1]


def test_steps_count_up_to_the_last(tiny: Path) -> None:
    wanted = new_request("job", seeds=(1, 2, 3), num_inference_steps=5)
    ticks = run_to_end(new_engine({"tiny": tiny}), {0: [wanted]})

    assert [step for tick in ticks for step in _steps(tick, "job")] == [1, 2, 3, 4, 5]
    assert finished(ticks)["job"].steps_done == 5


def _steps(events: list[EngineEvent], name: str) -> list[int]:
    return [event.step for event in events if isinstance(event, StepDone) and event.id == name]


def _end_tick(ticks: list[list[EngineEvent]], name: str) -> int:
    return next(
        number
        for number, tick in enumerate(ticks)
        for event in tick
        if isinstance(event, Finished) and event.id == name
    )
