"""An image goes from pass to pass, into the company of each pass's own size."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.unit.engine.requests import (
    check_same_picture,
    finished,
    new_engine,
    new_request,
    run_to_end,
)
from tests.unit.engine.task_requests import HIRES, make_mask, make_picture, new_task
from worker.engine.budget import FixedRowBudget
from worker.engine.events import EngineEvent, Failed, StepDone
from worker.engine.request import ImageRequest, StartPicture

PICTURE, MASK = make_picture(1), make_mask()
BROKEN = {
    "a grey picture": (StartPicture(pixels=PICTURE[..., 0], strength=0.5), "picture is not (H, W"),
    "floats": (StartPicture(pixels=PICTURE.astype(np.float64), strength=0.5), "of bytes"),
    "no pixels": (StartPicture(pixels=PICTURE[:0], strength=0.5), "picture is not (H, W, 3)"),
    "small mask": (StartPicture(pixels=PICTURE, strength=1, mask=MASK[:32]), "mask is not 64x64"),
    "two": (StartPicture(pixels=PICTURE, strength=0.5, toward=PICTURE, mask=MASK), "lean towards"),
    "too weak": (StartPicture(pixels=PICTURE, strength=0.1), "leaves no step"),
    "none": (StartPicture(pixels=PICTURE, strength=0.0), "strength is over 0"),
    "too strong": (StartPicture(pixels=PICTURE, strength=1.5), "at most 1"),
}


def test_progress_counts_the_steps_of_both_passes(tiny: Path) -> None:
    wanted = new_task("second pass", 1, num_inference_steps=5)
    ticks = run_to_end(new_engine({"tiny": tiny}), {0: [wanted]})
    assert _steps(ticks, wanted.id) == [(step, 5 + 2) for step in range(1, 8)]
    assert finished(ticks)[wanted.id].steps_done == 7


@pytest.mark.parametrize(("scheduler", "ticks_a_step"), [("ddim", 1), ("heun", 2)])
def test_strength_leaves_out_whole_steps(tiny: Path, scheduler: str, ticks_a_step: int) -> None:
    start = StartPicture(pixels=PICTURE, strength=0.65)
    image = ImageRequest(seed=1, prompt="", negative_prompt="", start=start)
    wanted = new_request("job", scheduler=scheduler, num_inference_steps=10, images=(image,))
    ticks = run_to_end(new_engine({"tiny": tiny}), {0: [wanted]})
    assert len(ticks) == pytest.approx(6 * ticks_a_step, abs=1)
    assert _steps(ticks, "job")[-1] == (6, 6)


def test_the_second_pass_shares_the_forward_of_its_own_size(tiny: Path) -> None:
    size = {"width_px": HIRES.width_px, "height_px": HIRES.height_px}
    large = new_request("large", num_inference_steps=12, **size)
    two_passes = new_task("second pass", 1, num_inference_steps=2)
    ticks = run_to_end(new_engine({"tiny": tiny}), {0: [large, two_passes]})
    together = [
        [event.step for event in tick if isinstance(event, StepDone) and event.id == two_passes.id]
        for tick in ticks
        if {event.id for event in tick} >= {"large", two_passes.id}
    ]
    assert together == [[3], [4]]


def test_a_second_pass_is_the_upscale_of_the_first_ones_picture(tiny: Path) -> None:
    wanted = new_task("second pass", 4)
    first = replace(wanted, id="first", second_pass=None)
    engine = new_engine({"tiny": tiny})
    done = finished([*run_to_end(engine, {0: [first]}), *run_to_end(engine, {0: [wanted]})])
    start = StartPicture(pixels=done["first"].images[0], strength=HIRES.strength)
    upscale = replace(
        wanted,
        id="upscale",
        second_pass=None,
        width_px=HIRES.width_px,
        height_px=HIRES.height_px,
        num_inference_steps=HIRES.num_inference_steps,
        images=(replace(wanted.images[0], start=start),),
    )
    done |= finished(run_to_end(engine, {0: [upscale]}))
    check_same_picture(done["upscale"].images[0], done[wanted.id].images[0])


def test_images_of_one_request_go_on_at_their_own_time(tiny: Path) -> None:
    """A narrow budget lets one of them begin its second pass before the other has ended."""
    image = new_task("second pass", 1).images[0]
    images = (image, replace(image, seed=2), replace(image, seed=3))
    wanted = new_task("second pass", 1, images=images)
    alone = replace(wanted, id="alone", images=images[2:])
    engine = new_engine({"tiny": tiny}, row_budget=FixedRowBudget(rows=4))
    stranger = new_request("stranger", num_inference_steps=9)
    done = finished(run_to_end(engine, {0: [wanted], 1: [stranger]}))
    done |= finished(run_to_end(engine, {0: [alone]}))
    assert len(done[wanted.id].images) == 3
    difference = np.abs(done[wanted.id].images[2].astype(int) - done["alone"].images[0])
    assert difference.max() <= 1


def test_a_cancel_ends_an_image_in_its_second_pass(tiny: Path) -> None:
    engine = new_engine({"tiny": tiny})
    wanted = new_task("second pass", 1, num_inference_steps=2)
    other = new_request("other", num_inference_steps=9)
    ticks: list[list[EngineEvent]] = []
    for request in (wanted, other):
        engine.admit(request)
    while len(_steps(ticks, wanted.id)) < 3:
        ticks.append(engine.step())
    engine.cancel(wanted.id)
    rest = run_to_end(engine, {})
    assert not _steps(rest, wanted.id)
    assert list(finished(rest)) == ["other"]


def test_a_pause_in_the_second_pass_changes_nothing(tiny: Path) -> None:
    engine = new_engine({"tiny": tiny})
    wanted = new_task("second pass", 1, num_inference_steps=2)
    expected = finished(run_to_end(engine, {0: [wanted]}))[wanted.id]
    ticks: list[list[EngineEvent]] = []
    engine.admit(wanted)
    while len(_steps(ticks, wanted.id)) < 3:
        ticks.append(engine.step())
    engine.pause(wanted.id)
    between = run_to_end(engine, {0: [new_request("other", num_inference_steps=3)]}, max_ticks=3)
    assert not _steps(between, wanted.id)
    engine.resume(wanted.id)
    done = finished(run_to_end(engine, {}))[wanted.id]
    check_same_picture(done.images[0], expected.images[0])


def test_what_cannot_be_begun_fails_alone_and_says_why(tiny: Path) -> None:
    broken = {
        name: new_request(
            name, images=(ImageRequest(seed=1, prompt="", negative_prompt="", start=start),)
        )
        for name, (start, _) in BROKEN.items()
    }
    engine = new_engine({"tiny": tiny}, max_slots=20)
    good = new_task("image-to-image", 1)
    ticks = run_to_end(engine, {0: [good, *broken.values()]})
    failed = {
        event.id: event.message for tick in ticks for event in tick if isinstance(event, Failed)
    }
    assert list(finished(ticks)) == [good.id]
    assert set(failed) == set(broken)
    for name, (_, reason) in BROKEN.items():
        assert reason in failed[name], name


def _steps(ticks: list[list[EngineEvent]], name: str) -> list[tuple[int, int]]:
    return [
        (event.step, event.steps)
        for tick in ticks
        for event in tick
        if isinstance(event, StepDone) and event.id == name
    ]
