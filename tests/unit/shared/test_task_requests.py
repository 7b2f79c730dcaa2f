"""What each task may hold, and what it comes to: sizes, strengths, ends, and how much runs."""

import json
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from api.field_errors import list_field_errors
from api.schemas.job_examples import JOB_REQUEST_EXAMPLES
from shared.errors import UnsupportedParameter, ValidationFailed
from shared.jobs.find_inputs import InputPicture
from shared.jobs.fit_size import fit_size
from shared.jobs.passes import count_pixel_steps, count_steps
from shared.jobs.request_fields import AssetPicture
from shared.jobs.requests import JOB_REQUEST, list_pictures
from shared.jobs.resolve import resolve_request
from shared.jobs.resolved import ResolvedRequest
from shared.models.catalog import Catalog

CATALOG = Catalog.load(Path(__file__).parents[3] / "models" / "catalog.toml")
MINI = CATALOG.get_model("mini")
ASSET = {"asset": "ast_" + "0" * 32}

REQUIRED: dict[str, dict[str, Any]] = {
    "text-to-image": {"prompt": "p"},
    "image-to-image": {"prompt": "p", "image": ASSET},
    "inpaint": {"prompt": "p", "image": ASSET, "mask": ASSET},
    "outpaint": {"prompt": "p", "image": ASSET, "margins": {"right": 32}},
    "variation": {"prompt": "p", "seed": 5},
    "upscale": {"image": ASSET},
    "interpolate": {"start": {"prompt": "a"}, "end": {"prompt": "b"}},
}


def picture(width: int = 128, height: int = 128, *, alpha: bool = False) -> InputPicture:
    return InputPicture(
        stored=AssetPicture.model_validate(ASSET),
        width_px=width,
        height_px=height,
        has_alpha=alpha,
    )


def resolve(task: str, *given: InputPicture, **fields: Any) -> ResolvedRequest:
    """Resolve a request whose pictures are `given`, in the order they are named."""
    body = {key: one for key, one in (REQUIRED[task] | fields).items() if one is not ...}
    request = JOB_REQUEST.validate_python({"task": task} | body)
    pointers = list_pictures(request)
    found = chain(given, repeat(picture()))
    return resolve_request(request, MINI, dict(zip(pointers, found, strict=False)))


def faults_of(task: str, *given: InputPicture, **fields: Any) -> list[str]:
    """The fields at fault, whoever finds them."""
    try:
        resolve(task, *given, **fields)
    except ValidationError as error:
        return [one.pointer for one in list_field_errors(error.errors())]
    except (ValidationFailed, UnsupportedParameter) as error:
        return [one.pointer for one in error.fields]
    return []


@pytest.mark.parametrize("task", REQUIRED)
def test_a_row_is_a_request_again(task: str) -> None:
    resolved = resolve(task, priority="high", output={"quality": 50})
    again = JOB_REQUEST.validate_python(json.loads(json.dumps(resolved.as_json())))
    pictures = dict.fromkeys(list_pictures(again), picture())
    assert resolve_request(again, MINI, pictures) == resolved


@pytest.mark.parametrize("task", REQUIRED)
def test_the_row_of_a_task_has_nothing_that_is_not_its_own(task: str) -> None:
    assert None not in resolve(task).as_json().values()


@pytest.mark.parametrize("name", JOB_REQUEST_EXAMPLES)
def test_the_examples_are_taken(name: str) -> None:
    example: Any = JOB_REQUEST_EXAMPLES[name]
    body = example["value"]
    request = JOB_REQUEST.validate_python(body)
    assert request.task == (name if name in REQUIRED else "text-to-image")
    if body.get("source") is None:
        pictures = dict.fromkeys(list_pictures(request), picture())
        with_karras = MINI.model_copy(update={"sigmas": {"karras": ("dpm++2m",)}})
        assert resolve_request(request, with_karras, pictures).task == request.task


def test_there_is_an_example_for_every_task() -> None:
    examples: Any = JOB_REQUEST_EXAMPLES.values()
    assert {one["value"]["task"] for one in examples} == set(MINI.tasks) == set(REQUIRED)


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("image-to-image", {"image": ...}, "/image"),
    ("image-to-image", {"image": None}, "/image"),
    ("image-to-image", {"image": "ast_1"}, "/image"),
    ("image-to-image", {"image": {}}, "/image"),
    ("image-to-image", {"image": {"url": 5}}, "/image/url"),
    ("image-to-image", {"image": {"asset": 5}}, "/image/asset"),
    ("image-to-image", {"image": {"asset": "a" * 65}}, "/image/asset"),
    ("image-to-image", {"image": ASSET | {"size": 1}}, "/image/size"),
    ("image-to-image", {"image": ASSET | {"job": "job_1", "index": 0}}, "/image/job"),
    ("image-to-image", {"image": {"job": "job_1"}}, "/image/index"),
    ("image-to-image", {"image": {"job": "job_1", "index": -1}}, "/image/index"),
    ("image-to-image", {"image": {"job": "job_1", "index": True}}, "/image/index"),
    ("image-to-image", {"image": {"base64": 5}}, "/image/base64"),
    ("image-to-image", {"strength": 0}, "/strength"),
    ("image-to-image", {"strength": 1.01}, "/strength"),
    ("image-to-image", {"strength": 0.01}, "/strength"),
    ("image-to-image", {"strength": "much"}, "/strength"),
    ("image-to-image", {"mask": ASSET}, "/mask"),
    ("image-to-image", {"margins": {"left": 8}}, "/margins"),
    ("image-to-image", {"prompt": ...}, "/prompt"),
    ("text-to-image", {"image": ASSET}, "/image"),
    ("text-to-image", {"strength": 0.5}, "/strength"),
    ("text-to-image", {"priority": "urgent"}, "/priority"),
    ("text-to-image", {"priority": 0}, "/priority"),
    ("text-to-image", {"sigmas": "linear"}, "/sigmas"),
    ("text-to-image", {"scheduler": "ddim", "sigmas": "karras"}, "/sigmas"),
    ("text-to-image", {"scheduler": "magic"}, "/scheduler"),
    ("text-to-image", {"second_pass": {"width": 100}}, "/second_pass/width"),
    ("text-to-image", {"second_pass": {"height": 512}}, "/second_pass/height"),
    ("text-to-image", {"second_pass": {"strength": 0.01}}, "/second_pass/strength"),
    (
        "text-to-image",
        {"second_pass": {"num_inference_steps": 101}},
        "/second_pass/num_inference_steps",
    ),
    ("text-to-image", {"second_pass": {"scale": 2}}, "/second_pass/scale"),
    ("text-to-image", {"output": {"contact_sheet": "yes"}}, "/output/contact_sheet"),
    ("text-to-image", {"metadata": {"by asset": 1}}, "/metadata/by asset"),
    ("inpaint", {"mask": {"index": 0}}, "/mask"),
    ("inpaint", {"mask": ...}, "/mask"),
    ("outpaint", {"margins": ...}, "/margins"),
    ("outpaint", {"margins": {}}, "/margins"),
    ("outpaint", {"margins": {"left": -1}}, "/margins/left"),
    ("outpaint", {"margins": {"left": 10}}, "/margins"),
    ("outpaint", {"margins": {"left": 256}}, "/margins"),
    ("outpaint", {"margins": {"left": 64, "right": 64}, "width": 128}, "/margins"),
    ("outpaint", {"width": 200}, "/width"),
    ("variation", {"seed": ...}, "/source"),
    ("variation", {"strength": 0.5}, "/strength"),
    ("variation", {"variation": {"strength": 1.5}}, "/variation/strength"),
    ("variation", {"variation": {"seed": 2**63 - 1}, "num_images": 2}, "/variation/seed"),
    ("variation", {"image": ASSET, "variation": {"seed": 1}}, "/variation"),
    ("variation", {"image": ASSET, "second_pass": {}}, "/second_pass"),
    ("variation", {"source": {"job": "job_1"}}, "/source/index"),
    ("upscale", {"scale": 0.5}, "/scale"),
    ("upscale", {"scale": 4.5}, "/scale"),
    ("upscale", {"scale": 4}, "/scale"),
    ("upscale", {"scale": 2, "width": 256}, "/scale"),
    ("upscale", {"width": 512}, "/width"),
    ("interpolate", {"end": ...}, "/end"),
    ("interpolate", {"end": {"prompt": "a"}}, "/end"),
    ("interpolate", {"end": {"image": ASSET}}, "/end/image"),
    ("interpolate", {"start": {"image": {}}}, "/start/image"),
    ("interpolate", {"start": {"image": {"job": "j"}}}, "/start/image/index"),
    ("interpolate", {"strength": 0.5}, "/strength"),
    ("interpolate", {"num_frames": 1}, "/num_frames"),
    ("interpolate", {"num_frames": 61}, "/num_frames"),
    ("interpolate", {"fps": 0}, "/fps"),
    ("interpolate", {"num_images": 2}, "/num_images"),
    ("interpolate", {"output": {"format": "png"}}, "/output/format"),
]


@pytest.mark.parametrize(("task", "fields", "pointer"), REFUSED)
def test_a_bad_field_of_a_task_is_pointed_at(
    task: str, fields: dict[str, Any], pointer: str
) -> None:
    assert pointer in faults_of(task, **fields)


def test_what_a_model_does_not_do_is_unsupported() -> None:
    request = JOB_REQUEST.validate_python({"task": "upscale", "image": ASSET})
    modest = MINI.model_copy(update={"tasks": ("text-to-image",)})
    with pytest.raises(UnsupportedParameter) as caught:
        resolve_request(request, modest, {"/image": picture()})
    assert [one.pointer for one in caught.value.fields] == ["/task"]


SIZES: list[tuple[tuple[int, int], dict[str, int], tuple[int, int]]] = [
    ((128, 128), {}, (128, 128)),
    ((130, 100), {}, (128, 96)),
    ((4000, 2000), {}, (256, 128)),
    ((8, 8), {}, (64, 64)),
    ((20, 200), {}, (64, 256)),
    ((16_384, 1), {}, (256, 64)),
    ((130, 100), {"width": 256}, (256, 192)),
    ((100, 200), {"height": 256}, (128, 256)),
    ((100, 200), {"width": 96, "height": 64}, (96, 64)),
]


@pytest.mark.parametrize(("size", "asked", "made"), SIZES)
@pytest.mark.parametrize("task", ["image-to-image", "inpaint"])
def test_a_picture_sets_the_size(
    task: str, size: tuple[int, int], asked: dict[str, int], made: tuple[int, int]
) -> None:
    resolved = resolve(task, picture(*size), picture(*size), **asked)
    assert (resolved.width, resolved.height) == made


@given(st.integers(1, 16_384), st.integers(1, 16_384))
def test_any_picture_fits_some_size(width: int, height: int) -> None:
    limits = MINI.limits
    for side in fit_size((width, height), limits):
        assert limits.min_size <= side <= limits.max_size
        assert side % limits.size_multiple == 0


def test_margins_are_added_to_the_picture() -> None:
    resolved = resolve("outpaint", picture(130, 96), margins={"left": 20, "right": 12, "top": 64})
    assert (resolved.width, resolved.height) == (160, 160)
    assert resolved.strength == MINI.defaults.strength.outpaint


def test_upscaling_doubles_and_takes_a_size_instead() -> None:
    assert (resolve("upscale").width, resolve("upscale").height) == (256, 256)
    once = resolve("upscale", picture(64, 96), scale=2.5)
    assert (once.width, once.height) == (160, 256)
    wide = resolve("upscale", picture(64, 96), height=192)
    assert (wide.width, wide.height) == (128, 192)


def test_a_size_is_blamed_once_on_what_makes_it() -> None:
    assert faults_of("upscale", picture(8, 8)) == ["/scale"]
    assert faults_of("outpaint", margins={"left": 8, "top": 8}) == ["/margins"]
    assert faults_of("outpaint", margins={"left": 8}, height=100) == ["/margins", "/height"]
    assert faults_of("upscale", height=512) == ["/height"]


def test_a_mask_has_the_size_of_its_picture_and_no_transparency() -> None:
    assert faults_of("inpaint", picture(), picture(128, 96)) == ["/mask"]
    assert faults_of("inpaint", picture(), picture(alpha=True)) == ["/mask"]
    assert faults_of("inpaint", picture(alpha=True), picture()) == []


def test_a_transparent_picture_is_its_own_mask() -> None:
    assert resolve("inpaint", picture(alpha=True), mask=...).mask is None
    assert faults_of("inpaint", picture(alpha=False), mask=...) == ["/mask"]


def test_pictures_of_a_variation_share_a_seed_and_go_different_ways() -> None:
    resolved = resolve("variation", variation={"seed": 9, "strength": 0.2}, num_images=3)
    assert [resolved.seed_of(k) for k in range(3)] == [5, 5, 5]
    assert [one and one.seed for one in map(resolved.variation_of, range(3))] == [9, 10, 11]
    drawn = resolve("variation").variation
    assert drawn is not None
    assert drawn.strength == MINI.defaults.strength.noise


def test_pictures_from_a_picture_go_by_seeds() -> None:
    resolved = resolve("variation", image=ASSET, num_images=2)
    assert [resolved.seed_of(k) for k in range(2)] == [5, 6]
    assert resolved.variation is None
    assert resolved.strength == MINI.defaults.strength.variation


def test_an_end_takes_from_the_request_what_it_leaves_out() -> None:
    ends = {"start": {"seed": 1}, "end": {"prompt": "b"}}
    resolved = resolve("interpolate", prompt="a", seed=2, **ends)
    assert resolved.start is not None
    assert resolved.end is not None
    assert (resolved.start.seed, resolved.start.prompt) == (1, "a")
    assert (resolved.end.seed, resolved.end.prompt) == (2, "b")
    assert (resolved.prompt, resolved.seed, resolved.strength) == ("a", 1, None)


def test_an_interpolation_between_pictures_has_a_strength() -> None:
    ends = {"start": {"image": ASSET, "seed": 1}, "end": {"image": ASSET, "seed": 2}}
    resolved = resolve("interpolate", picture(300, 150), **ends)
    assert (resolved.width, resolved.height) == (256, 128)
    assert resolved.strength == MINI.defaults.strength.interpolate


COSTS: list[tuple[str, dict[str, Any], list[tuple[int, int]]]] = [
    ("text-to-image", {"num_images": 3}, [(12, 128 * 128 * 3)]),
    ("image-to-image", {"strength": 0.6}, [(7, 128 * 128)]),
    ("inpaint", {"strength": 1}, [(12, 128 * 128)]),
    ("upscale", {"strength": 0.5}, [(6, 256 * 256)]),
    ("interpolate", {"num_frames": 24}, [(12, 128 * 128 * 24)]),
    (
        "text-to-image",
        {"second_pass": {"strength": 0.3, "num_inference_steps": 20}},
        [(12, 128 * 128), (6, 256 * 256)],
    ),
]


@pytest.mark.parametrize(("task", "fields", "passes"), COSTS)
def test_the_price_is_what_runs(
    task: str, fields: dict[str, Any], passes: list[tuple[int, int]]
) -> None:
    resolved = resolve(task, **fields)
    assert count_steps(resolved) == sum(steps for steps, _ in passes)
    done = [pixels for steps, pixels in passes for _ in range(steps)]
    for steps in range(len(done) + 2):
        assert count_pixel_steps(resolved, steps) == sum(done[:steps])
