"""Every task equals diffusers' own pipeline of it, in the company of all others."""

import numpy as np
import pytest

from tests.unit.engine.requests import (
    MAX_DIFFERENCE,
    MAX_DIFFERING_SHARE,
    finished,
    new_engine,
    new_request,
    run_to_end,
)
from tests.unit.engine.stock_tasks import StockImage
from tests.unit.engine.task_requests import TASKS, new_task

# Between two passes a picture is rounded to bytes. One that falls the other way spreads.
MAX_DIFFERING_SHARE_OF_TWO_PASSES = 0.01
PAUSED = ("inpaint, all of it", "variation", "between prompts", "second pass")


@pytest.mark.parametrize(
    ("which", "scheduler"), [("tiny", "ddim"), ("tiny_epsilon", "euler-a"), ("mini", "ddim")]
)
def test_each_task_equals_diffusers(
    which: str, scheduler: str, request: pytest.FixtureRequest
) -> None:
    """They join at different ticks, some pause, and a stranger among them is canceled."""
    folder = request.getfixturevalue(which)
    wanted = [
        new_task(task, number, scheduler=scheduler, num_inference_steps=5 + number % 3)
        for number, task in enumerate(TASKS)
    ]
    stranger = new_request("stranger", num_inference_steps=50, scheduler="euler")
    arrivals = {0: [stranger, *wanted[:3]], 1: wanted[3:6], 3: wanted[6:]}
    engine = new_engine({"tiny": folder}, max_slots=len(wanted) + 1)
    ticks = []
    for tick in range(5):
        for one in arrivals.get(tick, ()):
            engine.admit(one)
        ticks.append(engine.step())
    for name in PAUSED:
        engine.pause(name)
    ticks += [engine.step(), engine.step()]
    for name in PAUSED:
        assert not [event for event in ticks[-1] if event.id == name]
        engine.resume(name)
    engine.cancel("stranger")
    done = finished([*ticks, *run_to_end(engine, {})])
    for one in wanted:
        expected = StockImage(folder, one, one.images[0]).make()
        difference = np.abs(done[one.id].images[0].astype(int) - expected)
        share = MAX_DIFFERING_SHARE_OF_TWO_PASSES if one.second_pass else MAX_DIFFERING_SHARE
        assert difference.max() <= MAX_DIFFERENCE, one.id
        assert (difference > 0).mean() <= share, one.id
