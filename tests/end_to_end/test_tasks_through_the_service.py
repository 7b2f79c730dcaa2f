"""Every task through the HTTP API on the bundled model, and what `verify` says of it.

Where diffusers has a pipeline for the task, the picture is the one that pipeline makes.
"""

import base64
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import torch
from diffusers import (
    DDIMScheduler,
    StableDiffusionImg2ImgPipeline,
    StableDiffusionInpaintPipeline,
    StableDiffusionPipeline,
)
from PIL import Image, ImageSequence

from tests.running_up import run_atelier
from tests.stack import Stack

MINI = Path(__file__).parents[2] / "models" / "mini"
PROMPT = "a red circle left of a blue square on a yellow background"
COMMON = {"scheduler": "ddim", "num_inference_steps": 6, "width": 96, "height": 64, "seed": 7}
Pixels = np.ndarray[Any, np.dtype[np.uint8]]
Job = dict[str, Any]


@pytest.fixture(scope="module")
def client(stack: Stack) -> Iterator[httpx.Client]:
    with stack.client() as client:
        yield client


@pytest.fixture(scope="module")
def source(stack: Stack, client: httpx.Client) -> Job:
    return stack.generate(client, prompt=PROMPT, **COMMON)


@pytest.fixture(scope="module")
def pipeline() -> Any:  # diffusers is untyped
    torch.set_num_threads(1)
    made = StableDiffusionPipeline.from_pretrained(
        MINI, torch_dtype=torch.float32, safety_checker=None
    )
    made.scheduler = DDIMScheduler.from_config(made.scheduler.config)
    return made


def call(pipeline: Any, kind: Any, **fields: Any) -> Pixels:
    """Make a picture with the pipeline that diffusers has for a task."""
    made = kind(**pipeline.components)
    made.set_progress_bar_config(disable=True)
    return np.asarray(
        made(
            num_inference_steps=6,
            guidance_scale=2.5,
            generator=torch.Generator().manual_seed(7),
            **fields,
        ).images[0]
    )


def open_(stack: Stack, job: Job, index: int = 0) -> Image.Image:
    return Image.open(io.BytesIO(stack.picture(job, index)))


def pixels(stack: Stack, job: Job, index: int = 0) -> Pixels:
    return np.asarray(open_(stack, job, index).convert("RGB"))


def shown(job: Job) -> list[tuple[str, str, int, int]]:
    return [(one["kind"], one["format"], one["width"], one["height"]) for one in job["images"]]


def in_base64(picture: Image.Image) -> dict[str, str]:
    file = io.BytesIO()
    picture.save(file, "PNG")
    return {"base64": base64.b64encode(file.getvalue()).decode()}


def check_same(ours: Pixels, theirs: Pixels) -> None:
    difference = np.abs(ours.astype(int) - theirs.astype(int))
    assert difference.max() <= 1
    assert (difference > 0).mean() <= 0.001


def by_job(source: Job) -> dict[str, Any]:
    return {"job": source["id"], "index": 0}


def test_image_to_image_is_what_diffusers_makes(
    stack: Stack, client: httpx.Client, source: Job, pipeline: Any
) -> None:
    fields = {"prompt": "a green star", "strength": 0.6}
    job = stack.generate(client, task="image-to-image", image=by_job(source), **COMMON | fields)
    theirs = call(pipeline, StableDiffusionImg2ImgPipeline, image=open_(stack, source), **fields)
    check_same(pixels(stack, job), theirs)


def test_inpaint_is_what_diffusers_makes_and_keeps_the_rest(
    stack: Stack, client: httpx.Client, source: Job, pipeline: Any
) -> None:
    mask = Image.new("L", (96, 64), 0)
    mask.paste(255, (48, 0, 96, 64))
    fields = {"prompt": "a green star", "strength": 0.8}
    job = stack.generate(
        client, task="inpaint", image=by_job(source), mask=in_base64(mask), **COMMON | fields
    )
    ours, before = pixels(stack, job), pixels(stack, source)
    assert np.array_equal(ours[:, :48], before[:, :48])
    theirs = call(
        pipeline, StableDiffusionInpaintPipeline, image=open_(stack, source), mask_image=mask,
        width=96, height=64, **fields,
    )  # fmt: skip
    check_same(ours[:, 56:], theirs[:, 56:])  # past the edge, where both pictures are mixed


def test_outpaint_keeps_the_picture_in_the_middle_of_more(
    stack: Stack, client: httpx.Client, source: Job
) -> None:
    margins = {"left": 32, "right": 0, "top": 0, "bottom": 32}
    given = {"prompt": PROMPT, "scheduler": "ddim", "num_inference_steps": 6, "seed": 7}
    job = stack.generate(client, task="outpaint", image=by_job(source), margins=margins, **given)
    made = pixels(stack, job)
    assert made.shape == (96, 128, 3)
    assert np.array_equal(made[:64, 32:], pixels(stack, source))
    assert made[:, :32].std() > 0


def test_a_variation_of_strength_one_is_the_other_seed(
    stack: Stack, client: httpx.Client, source: Job
) -> None:
    def vary(strength: float) -> Job:
        lean = {"seed": 70, "strength": strength}
        asked = {"task": "variation", "source": by_job(source), "prompt": PROMPT}
        return stack.generate(client, variation=lean, **asked)

    other = stack.generate(client, prompt=PROMPT, **COMMON | {"seed": 70})
    check_same(pixels(stack, vary(1.0)), pixels(stack, other))
    near = np.abs(pixels(stack, vary(0.05)).astype(int) - pixels(stack, source)).mean()
    far = np.abs(pixels(stack, other).astype(int) - pixels(stack, source)).mean()
    assert 0 < near < far


def test_larger_pictures_have_the_size_that_was_asked_for(
    stack: Stack, client: httpx.Client, source: Job
) -> None:
    upscaled = stack.generate(
        client, task="upscale", prompt=PROMPT, image=by_job(source), scale=2, seed=7,
        num_inference_steps=6, strength=0.2,
    )  # fmt: skip
    assert shown(upscaled) == [("image", "png", 192, 128)]
    small = open_(stack, upscaled).resize((96, 64), Image.Resampling.LANCZOS).convert("RGB")
    assert np.abs(np.asarray(small).astype(int) - pixels(stack, source)).mean() < 20
    second_pass = {"width": 128, "height": 96, "strength": 0.5, "num_inference_steps": 4}
    again = stack.generate(client, prompt=PROMPT, second_pass=second_pass, **COMMON)
    assert shown(again) == [("image", "png", 128, 96)]


@pytest.mark.parametrize("image_format", ["webp", "gif"])
def test_an_interpolation_moves_from_one_end_to_the_other(
    stack: Stack, client: httpx.Client, image_format: str
) -> None:
    job = stack.generate(
        client, task="interpolate", prompt=PROMPT, start={"seed": 7}, end={"seed": 70},
        num_frames=4, fps=5, output={"format": image_format, "contact_sheet": True, "quality": 95},
        **{name: value for name, value in COMMON.items() if name != "seed"},
    )  # fmt: skip
    still = "png" if image_format == "gif" else "webp"
    (moving, sheet) = shown(job)
    assert moving == ("animation", image_format, 96, 64)
    assert sheet[:2] == ("contact-sheet", still)
    with open_(stack, job) as opened:
        frames = [np.asarray(one.convert("RGB")) for one in ImageSequence.Iterator(opened)]
    assert len(frames) == 4
    for frame, seed in ((frames[0], 7), (frames[-1], 70)):
        end = stack.generate(client, prompt=PROMPT, **COMMON | {"seed": seed})
        assert np.abs(frame.astype(int) - pixels(stack, end)).mean() < 6


def test_a_contact_sheet_comes_last_and_costs_nothing(stack: Stack, client: httpx.Client) -> None:
    fields = COMMON | {"prompt": PROMPT, "num_images": 3}
    plain = stack.generate(client, **fields)
    job = stack.generate(client, output={"contact_sheet": True}, **fields)
    assert [one["kind"] for one in job["images"]] == ["image"] * 3 + ["contact-sheet"]
    assert job["cost"] == plain["cost"]
    sheet = open_(stack, job, 3)
    assert sheet.size == (job["images"][3]["width"], job["images"][3]["height"])


def test_a_receipt_says_how_to_make_the_picture(
    stack: Stack, client: httpx.Client, source: Job
) -> None:
    receipt = client.get(f"/v1/jobs/{source['id']}/images/0/receipt").json()
    assert receipt["request"] == source["request"]
    assert receipt["scheduler"] == "DDIMScheduler"
    assert receipt["versions"]["torch"] == torch.__version__
    again = client.post("/v1/jobs", json=receipt["request"], headers={"Prefer": "wait=60"}).json()
    made = client.get(f"/v1/jobs/{again['id']}/images/0/receipt").json()
    assert made == receipt


def verify(stack: Stack, job: Job, *options: str) -> tuple[int, dict[str, Any]]:
    server = (f"--url={stack.url}", f"--key={stack.key}")
    ran = run_atelier("verify", job["id"], *server, "--json", *options)
    return ran.returncode, json.loads(ran.stdout or "{}")


def test_verify_tells_the_same_from_what_was_changed(
    stack: Stack, client: httpx.Client, source: Job
) -> None:
    job = stack.generate(
        client, task="image-to-image", prompt="a green star", image=by_job(source), num_images=2,
        **COMMON,
    )  # fmt: skip
    status, said = verify(stack, job)
    assert (status, said["is_same"]) == (0, True)
    assert [one["index"] for one in said["pictures"]] == [0, 1]
    [path] = (stack.folder / "images").rglob(f"{job['id']}/*/1.png")
    path.write_bytes(stack.picture(source))
    status, said = verify(stack, job)
    assert (status, [one["is_same"] for one in said["pictures"]]) == (1, [True, False])
    assert "its file has been changed" in said["pictures"][1]["explanation"]
    assert verify(stack, job, "--index=0")[0] == 0
    assert verify(stack, job, "--index=2")[0] == 2
    assert verify(stack, {"id": "job_nowhere"})[0] == 3
