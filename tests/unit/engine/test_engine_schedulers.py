"""Every scheduler and spacing, among strangers who come and go, equals diffusers' own."""

from itertools import cycle
from pathlib import Path

import pytest

from tests.unit.engine.requests import (
    check_equals_diffusers,
    finished,
    new_engine,
    new_request,
    run_to_end,
)
from tests.unit.engine.stock import STOCK
from worker.engine.events import StepDone
from worker.engine.request import GenerationRequest
from worker.engine.scheduler_names import SPACINGS

SLOTS = 100
SPACED_NAMES = {
    "tiny": [(name, sigmas) for name in STOCK for sigmas in SPACINGS[name]],
    "tiny_epsilon": [(name, SPACINGS[name][-1]) for name in STOCK],
}


def _company(which: str) -> dict[int, list[GenerationRequest]]:
    """Two arrive before each tick, so that no two of a tick are at the same step."""
    guidance, steps = cycle((2.5, 1.0, 7.5)), cycle((4, 3, 5, 2))
    arrivals: dict[int, list[GenerationRequest]] = {}
    for number, (name, sigmas) in enumerate(SPACED_NAMES[which]):
        request = new_request(
            f"{name} {sigmas}",
            scheduler=name,
            sigmas=sigmas,
            num_inference_steps=next(steps),
            guidance_scale=next(guidance),
            seeds=(number,) if number % 7 else (number, 2**63 - 1),
            width_px=64 if which == "tiny" else 32,
        )
        arrivals.setdefault(number // 2, []).append(request)
    return arrivals


@pytest.mark.parametrize("which", ["tiny", "tiny_epsilon"])
def test_each_scheduler_in_company_equals_diffusers(
    which: str, request: pytest.FixtureRequest
) -> None:
    folder = request.getfixturevalue(which)
    arrivals = _company(which)
    engine = new_engine({"tiny": folder}, max_slots=SLOTS)
    strangers = [new_request(f"stranger {n}", num_inference_steps=40) for n in range(3)]
    ticks = run_to_end(engine, {**arrivals, 0: [*arrivals[0], *strangers]})
    done = finished(ticks)
    for wanted in (wanted for group in arrivals.values() for wanted in group):
        check_equals_diffusers(folder, wanted, done[wanted.id])


@pytest.mark.parametrize("name", ["heun", "dpm2", "dpm2-a", "dpm++sde", "pndm"])
def test_more_forward_passes_than_steps_are_reported_as_the_steps_asked(
    tiny: Path, name: str
) -> None:
    wanted = new_request("job", scheduler=name, num_inference_steps=5)
    ticks = run_to_end(new_engine({"tiny": tiny}), {0: [wanted]})
    told = [
        (event.step, event.steps) for tick in ticks for event in tick if type(event) is StepDone
    ]

    assert len(told) == (6 if name == "pndm" else 9)
    assert told == sorted(told)
    assert {steps for _, steps in told} == {5}
    assert told[-1] == (5, 5)
    assert finished(ticks)["job"].steps_done == 5
