"""What comes out of the HTTP API is what diffusers makes, alone and in company."""

import io
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import torch
from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    StableDiffusionPipeline,
)
from PIL import Image

from models.recipe.evaluate import held_out_prompts, judge
from tests.stack import Stack

MINI = Path(__file__).parents[2] / "models" / "mini"
LONG_PROMPT = (
    "film still, [film grain], large crowds, cyberpunk street, street level photograph, Chinese"
    " neon signs, street market in china in the style of Blade Runner and Syd Mead, artstation,"
    " (brush stroke), matte painting, (very highly detailed)"
)
SCHEDULERS = {
    "ddim": DDIMScheduler,
    "euler": EulerDiscreteScheduler,
    "dpm++2m": DPMSolverMultistepScheduler,
}
Pixels = np.ndarray[Any, np.dtype[np.uint8]]


@pytest.fixture
def client(stack: Stack) -> Iterator[httpx.Client]:
    with stack.client() as client:
        yield client


@pytest.fixture(scope="module")
def pipeline() -> Any:  # diffusers is untyped
    torch.set_num_threads(1)
    made = StableDiffusionPipeline.from_pretrained(
        MINI, torch_dtype=torch.float32, safety_checker=None
    )
    made.set_progress_bar_config(disable=True)
    return made


def picture(stack: Stack, job: dict[str, Any], index: int = 0) -> Pixels:
    with Image.open(io.BytesIO(stack.picture(job, index))) as opened:
        return np.asarray(opened.convert("RGB"))


def reference(pipeline: Any, job: dict[str, Any], seed: int) -> Pixels:
    asked = job["request"]
    pipeline.scheduler = SCHEDULERS[asked["scheduler"]].from_config(pipeline.scheduler.config)
    made = pipeline(
        asked["prompt"],
        negative_prompt=asked["negative_prompt"],
        width=asked["width"],
        height=asked["height"],
        num_inference_steps=asked["num_inference_steps"],
        guidance_scale=asked["guidance_scale"],
        generator=torch.Generator().manual_seed(seed),
    ).images[0]
    return np.asarray(made)


def check_same(ours: Pixels, theirs: Pixels) -> None:
    difference = np.abs(ours.astype(int) - theirs.astype(int))
    assert difference.max() <= 1
    assert (difference > 0).mean() <= 0.001


def test_picture_k_is_the_single_picture_of_seed_plus_k(stack: Stack, client: httpx.Client) -> None:
    together = stack.generate(client, prompt="a blue star", seed=40, num_images=3)
    for k in range(3):
        alone = stack.generate(client, prompt="a blue star", seed=40 + k)
        assert together["images"][k]["seed"] == 40 + k
        check_same(picture(stack, together, k), picture(stack, alone))


@pytest.mark.parametrize("scheduler", list(SCHEDULERS))
def test_a_picture_alone_is_what_diffusers_makes(
    stack: Stack, client: httpx.Client, pipeline: Any, scheduler: str
) -> None:
    job = stack.generate(client, prompt="a red heart on a white background", scheduler=scheduler,
                         seed=7, num_inference_steps=10)  # fmt: skip
    check_same(picture(stack, job), reference(pipeline, job, 7))


def test_pictures_in_company_are_what_diffusers_makes(
    stack: Stack, client: httpx.Client, pipeline: Any
) -> None:
    asked = [
        {"prompt": "a red circle", "scheduler": "ddim", "num_inference_steps": 25, "seed": 1},
        {"prompt": "a boat", "scheduler": "euler", "num_inference_steps": 9, "seed": 2},
        {"prompt": "", "scheduler": "dpm++2m", "num_inference_steps": 5, "seed": 3},
        {"prompt": "a pink ring", "guidance_scale": 1.0, "num_inference_steps": 12, "seed": 4},
        {"prompt": "a house", "negative_prompt": "red", "guidance_scale": 7.0, "seed": 2**63 - 1},
        {"prompt": "a tree", "width": 64, "height": 96, "num_inference_steps": 8, "seed": 6},
    ]
    jobs: dict[int, dict[str, Any]] = {}

    def ask(index: int) -> None:
        with stack.client() as mine:
            jobs[index] = stack.generate(mine, **asked[index])

    threads = [threading.Thread(target=ask, args=(index,)) for index in range(len(asked))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for index, fields in enumerate(asked):
        job = jobs[index]
        check_same(picture(stack, job), reference(pipeline, job, int(str(fields["seed"]))))


def test_a_long_prompt_makes_a_picture_and_says_what_was_cut(
    stack: Stack, client: httpx.Client
) -> None:
    job = stack.generate(client, prompt=LONG_PROMPT, seed=1)
    assert picture(stack, job).shape == (128, 128, 3)
    [warning] = job["warnings"]
    assert warning.startswith("prompt-truncated")
    assert "very highly detailed" in warning
    assert "film grain" not in warning


def test_mini_does_as_it_is_told(stack: Stack, client: httpx.Client) -> None:
    """The verifier's prompts, through the API, reach what the model card claims at least."""
    prompts = held_out_prompts(100, seed=0)
    jobs = _generate_all(stack, [one.prompt for one in prompts])
    evaluation = judge([picture(stack, job) for job in jobs], prompts)
    print(evaluation)
    reached = {name: one.met / one.judged for name, one in evaluation.scores.items()}
    goals = {"background": 0.99, "position": 0.99, "color": 0.98, "relation": 0.96, "size": 0.96,
             "shape": 0.94, "everything": 0.93}  # fmt: skip
    missed = {name: reached[name] for name in goals if reached[name] < goals[name]}
    assert missed == {}


def _generate_all(stack: Stack, prompts: list[str]) -> list[dict[str, Any]]:
    fields = {"scheduler": "ddim", "num_inference_steps": 12, "guidance_scale": 2.5}
    with stack.client() as client:
        accepted = [
            client.post("/v1/jobs", json={"task": "text-to-image", "prompt": prompt, "seed": seed}
                        | fields).json()["id"]
            for seed, prompt in enumerate(prompts)
        ]  # fmt: skip
        ended = []
        for job_id in accepted:
            job = {"status": "queued"}
            for _ in range(4):  # at most four minutes for the whole queue ahead of it
                answer = client.get(f"/v1/jobs/{job_id}", headers={"Prefer": "wait=60"})
                job = answer.json()
                if job["status"] not in {"queued", "running"}:
                    break
            assert job["status"] == "succeeded", job
            ended.append(job)
        return ended
