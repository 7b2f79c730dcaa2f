"""Every picture equals what stock diffusers makes of the same request alone."""

from pathlib import Path

import pytest

from tests.unit.engine.requests import (
    DIFFUSERS,
    check_equals_diffusers,
    check_same_picture,
    diffusers_image,
    finished,
    new_engine,
    new_request,
    run_to_end,
)
from worker.engine.request import GenerationRequest, ImageRequest

COMPANY = {
    0: [
        new_request("long", num_inference_steps=17, guidance_scale=7.5, negative_prompt="blue"),
        new_request("wide", seeds=(3, 4, 5), scheduler="euler", prompt=""),
    ],
    2: [
        new_request("unguided", guidance_scale=1.0, scheduler="dpm++2m", num_inference_steps=9),
        new_request("other size", width_px=96, height_px=32, scheduler="dpm++2m"),
    ],
    5: [
        new_request("one step", num_inference_steps=1),
        new_request("largest seed", seeds=(2**63 - 1,), scheduler="dpm++2m"),
        new_request("alone", is_alone=True, scheduler="euler", num_inference_steps=4),
    ],
}


@pytest.mark.parametrize("which", ["tiny", "tiny_epsilon"])
def test_each_picture_in_mixed_company_equals_diffusers(
    which: str, request: pytest.FixtureRequest
) -> None:
    folder = request.getfixturevalue(which)
    done = finished(run_to_end(new_engine({"tiny": folder}), COMPANY))
    for wanted in (wanted for group in COMPANY.values() for wanted in group):
        check_equals_diffusers(folder, wanted, done[wanted.id])


@pytest.mark.parametrize("which", ["tiny", "tiny_epsilon"])
@pytest.mark.parametrize("scheduler", DIFFUSERS)
@pytest.mark.parametrize("steps", [1, 2, 15, 61])  # 61: rounding makes it 62 timesteps
def test_each_scheduler_alone_equals_diffusers(
    which: str, scheduler: str, steps: int, request: pytest.FixtureRequest
) -> None:
    folder = request.getfixturevalue(which)
    wanted = new_request("job", scheduler=scheduler, num_inference_steps=steps)
    done = finished(run_to_end(new_engine({"tiny": folder}), {0: [wanted]}))
    check_equals_diffusers(folder, wanted, done["job"])


def test_mini_equals_diffusers_for_each_scheduler_in_company(mini: Path) -> None:
    arrivals = {
        tick: [_mini_request(scheduler, 12 + tick, 2.5 + tick)]
        for tick, scheduler in enumerate(DIFFUSERS)
    }
    done = finished(run_to_end(new_engine({"mini": mini}), arrivals))
    for group in arrivals.values():
        check_equals_diffusers(mini, group[0], done[group[0].id])


def test_an_image_is_the_same_with_its_job_and_as_a_job_of_its_own(tiny: Path) -> None:
    together = new_request("together", seeds=(7, 8, 9), scheduler="dpm++2m")
    own = new_request("own", seeds=(9,), scheduler="dpm++2m")
    engine = new_engine({"tiny": tiny})
    done = finished([*run_to_end(engine, {0: [together]}), *run_to_end(engine, {0: [own]})])
    check_same_picture(done["together"].images[2], done["own"].images[0])


def test_pictures_depend_on_seed_and_prompt(tiny: Path) -> None:
    """Else the comparisons above would compare nothing."""
    asked = new_request("a")
    one, *others = (
        diffusers_image(tiny, asked, ImageRequest(seed=seed, prompt=prompt, negative_prompt=""))
        for seed, prompt in ((1, "a red circle"), (2, "a red circle"), (1, "a blue square"))
    )
    for other in others:
        with pytest.raises(AssertionError):
            check_same_picture(one, other)


def _mini_request(scheduler: str, steps: int, guidance_scale: float) -> GenerationRequest:
    return new_request(
        scheduler,
        model="mini",
        prompt="a red circle on a blue background",
        width_px=128,
        height_px=128,
        scheduler=scheduler,
        num_inference_steps=steps,
        guidance_scale=guidance_scale,
    )
