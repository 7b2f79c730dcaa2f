"""From the row's request to the engine's, for every task."""

from dataclasses import replace

import numpy as np
import pytest

from shared.jobs.request_fields import Priority
from shared.jobs.resolved import ResolvedRequest
from tests.unit.worker.requests import ASSET, held, resolved
from worker.engine import request
from worker.engine.request import GenerationRequest, StartPicture
from worker.to_request import to_request

START = StartPicture(pixels=np.zeros((64, 96, 3), np.uint8), strength=0.5)


def ask(asked: ResolvedRequest, start: StartPicture | None = None) -> GenerationRequest:
    job = held(asked)
    job.start = start
    return to_request(job, preview_every=2)


def test_picture_k_uses_seed_plus_k() -> None:
    made = ask(resolved(num_images=3, sigmas="karras"))
    assert [image.seed for image in made.images] == [40, 41, 42]
    assert {(image.prompt, image.negative_prompt) for image in made.images} == {
        ("a red circle", "fog")
    }
    assert all(image.start is None and image.variation is None for image in made.images)
    assert (made.width_px, made.height_px, made.num_inference_steps) == (96, 64, 6)
    assert (made.scheduler, made.sigmas, made.guidance_scale) == ("ddim", "karras", 2.5)
    assert (made.tenant, made.id, made.is_alone) == ("ten_1", "job_1/1", False)


@pytest.mark.parametrize("name", ["high", "normal", "low"])
def test_priorities_keep_their_names(name: Priority) -> None:
    assert ask(resolved(priority=name)).priority is request.Priority[name.upper()]


def test_every_picture_starts_from_the_one_that_was_given() -> None:
    asked = resolved(task="image-to-image", image=ASSET, strength=0.5, num_images=2)
    made = ask(asked, START)
    assert [image.seed for image in made.images] == [40, 41]
    assert all(image.start is START for image in made.images)


def test_a_variation_keeps_the_seed_and_leans_to_others() -> None:
    asked = resolved(task="variation", num_images=2, variation={"seed": 7, "strength": 0.2})
    made = ask(asked)
    assert [image.seed for image in made.images] == [40, 40]
    assert [image.variation for image in made.images] == [
        request.Variation(seed=7, strength=0.2),
        request.Variation(seed=8, strength=0.2),
    ]


def test_a_second_pass_is_passed_on() -> None:
    fields = {"width": 192, "height": 128, "strength": 0.4, "num_inference_steps": 9}
    assert ask(resolved(second_pass=fields)).second_pass == request.SecondPass(
        width_px=192, height_px=128, strength=0.4, num_inference_steps=9
    )


def test_frames_go_from_one_end_to_the_other() -> None:
    asked = resolved(
        task="interpolate", num_frames=5, fps=8, output={"format": "gif"}, strength=0.5,
        start={"seed": 3, "prompt": "sun"}, end={"seed": 9, "prompt": "moon"},
    )  # fmt: skip
    toward = replace(START, toward=START.pixels)
    for k, frame in enumerate(ask(asked, toward).images):
        assert (frame.seed, frame.prompt, frame.toward_prompt) == (3, "sun", "moon")
        assert frame.share == k / 4
        assert frame.variation == request.Variation(seed=9, strength=k / 4)
        assert frame.start is not None
        assert frame.start.toward is START.pixels
        assert frame.start.share == k / 4


def test_frames_lean_only_to_what_differs() -> None:
    same = {"seed": 3, "prompt": "sun"}
    for end, differs in (({"seed": 9}, "variation"), ({"prompt": "moon"}, "toward_prompt")):
        asked = resolved(
            task="interpolate", num_frames=2, fps=8, output={"format": "webp"},
            start=same, end=same | end,
        )  # fmt: skip
        for frame in ask(asked).images:
            names = ("variation", "toward_prompt")
            assert {name for name in names if getattr(frame, name) is not None} == {differs}
