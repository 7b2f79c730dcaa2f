"""Every task over HTTP: what a request comes to, what it costs, whose pictures it begins with."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from shared.config import Settings
from shared.db import Role, Sessions, close_sessions, make_sessions, transaction
from shared.images.formats import ImageKind
from shared.jobs.finish import FinishedImage, complete_job, finish_canceled
from shared.jobs.table import Job
from shared.models.catalog import Catalog
from tests.integration.api.conftest import BODY, RECEIPT, Hand, assert_problem
from tests.unit.shared.pictures import plain

MEGA = 1_000_000
MISSING = {"job": "job_" + "0" * 32, "index": 0}


def submit(api: httpx.Client, task: str, **fields: object) -> Any:
    answer = api.post("/v1/jobs", json={"task": task} | fields)
    assert answer.status_code == 202, answer.text
    return answer.json()


def upload(api: httpx.Client, width: int, height: int) -> dict[str, str]:
    answer = api.post("/v1/assets", files={"file": plain(width, height)})
    return {"asset": answer.json()["id"]}


@pytest.fixture
def admin(settings: Settings) -> Iterator[Sessions]:
    sessions = make_sessions(settings, Role.ADMIN)
    yield sessions
    close_sessions(sessions)


def list_bodies(api: httpx.Client, hand: Hand) -> dict[str, dict[str, Any]]:
    """One request of each task, on pictures that are there."""
    made = submit(api, "text-to-image", prompt="a red circle", seed=40, num_images=2)
    hand.run_one()
    asset, picture = upload(api, 128, 128), {"job": made["id"], "index": 1}
    ends = {"start": {"image": asset, "seed": 1}, "end": {"image": picture, "seed": 2}}
    return {
        "text-to-image": {"prompt": "p", "seed": 1, "second_pass": {"width": 256, "height": 256}},
        "image-to-image": {"prompt": "p", "image": asset, "strength": 0.5},
        "inpaint": {"prompt": "p", "image": asset, "mask": asset},
        "outpaint": {"prompt": "p", "image": picture, "margins": {"right": 64}},
        "variation": {"source": picture, "variation": {"strength": 0.1}},
        "upscale": {"image": asset, "scale": 2},
        "interpolate": {**ends, "num_frames": 5, "output": {"format": "gif"}},
    }


def test_every_task_is_taken_and_can_be_made_again(api: httpx.Client, hand: Hand) -> None:
    for task, body in list_bodies(api, hand).items():
        job = submit(api, task, **body, priority="low", metadata={"task": task})
        assert job["task"] == job["request"]["task"] == task
        assert job["status"] == "queued"
        assert job["cost"]["reserved"] > 0
        again = api.post(f"/v1/jobs/{job['id']}/retry").json()
        assert again["request"] == job["request"]
        assert again["cost"] == job["cost"]
        assert again["metadata"] == {"task": task}
        [shown] = api.get("/v1/jobs", params={"task": task, "limit": 1}).json()["data"]
        assert shown["id"] == again["id"]


def test_a_variation_takes_its_sources_recipe(api: httpx.Client, hand: Hand) -> None:
    recipe = {
        "prompt": "a red circle",
        "negative_prompt": "a square",
        "width": 96,
        "height": 160,
        "num_inference_steps": 9,
        "guidance_scale": 3.5,
        "scheduler": "ddim",
        "second_pass": {"width": 192, "height": 256, "strength": 0.4, "num_inference_steps": 7},
    }
    made = submit(api, "text-to-image", **recipe, seed=40, num_images=3)
    hand.run_one()
    source = {"job": made["id"], "index": 2}
    job = submit(api, "variation", source=source, variation={"seed": 7}, num_images=2)
    assert job["request"] == made["request"] | {
        "task": "variation",
        "seed": 42,
        "num_images": 2,
        "variation": {"seed": 7, "strength": 0.3},
    }
    own = submit(api, "variation", source=source, prompt="a blue circle")["request"]
    assert (own["prompt"], own["negative_prompt"]) == ("a blue circle", "a square")


def test_only_pictures_from_words_have_a_recipe(api: httpx.Client, hand: Hand) -> None:
    made = submit(api, "upscale", image=upload(api, 64, 64))
    hand.run_one()
    source = {"job": made["id"], "index": 0}
    answer = api.post("/v1/jobs", json={"task": "variation", "source": source})
    problem: Any = assert_problem(answer, 422, "validation")
    assert problem["errors"][0]["pointer"] == "/source"
    both = {"task": "variation", "source": source, "image": source}
    problem = assert_problem(api.post("/v1/jobs", json=both), 422, "validation")
    assert problem["errors"][0]["pointer"] == "/image"
    assert submit(api, "variation", image=source)["request"]["strength"] == 0.5


def test_another_tenants_picture_looks_like_none(
    api: httpx.Client, other: httpx.Client, hand: Hand
) -> None:
    made = submit(api, "text-to-image", prompt="p")
    hand.run_one()
    waiting = submit(api, "text-to-image", prompt="p")
    mine = {"job": made["id"], "index": 0}
    answers: dict[str, list[dict[str, Any]]] = {"/image": [], "/source": []}
    for client, picture in (
        (other, mine),
        (other, MISSING),
        (other, {"job": "job_zz", "index": 0}),
        (other, {"job": "", "index": 9_999}),
        (api, {"job": made["id"], "index": 1}),
        (api, {"job": waiting["id"], "index": 0}),
        (api, MISSING),
    ):
        for pointer, body in (
            ("/image", {"task": "upscale", "image": picture}),
            ("/source", {"task": "variation", "source": picture}),
        ):
            answer = client.post("/v1/jobs", json=body)
            answers[pointer].append(assert_problem(answer, 422, "input-not-found"))
    for pointer, problems in answers.items():
        assert all(one == problems[0] for one in problems)
        assert [one["pointer"] for one in problems[0]["errors"]] == [pointer]
    assert submit(api, "image-to-image", prompt="p", image=mine)


@pytest.mark.parametrize("kind", ["contact-sheet", "animation"])
def test_sheets_and_animations_begin_nothing(
    api: httpx.Client, hand: Hand, kind: ImageKind
) -> None:
    made = submit(api, "text-to-image", prompt="p")
    [held] = hand.claim(1)
    picture = FinishedImage(
        index=0,
        kind=kind,
        seed=1,
        width_px=128,
        height_px=128,
        format="webp",
        size_bytes=1,
        sha256="0" * 64,
        key="a/b",
        receipt=RECEIPT,
    )
    with transaction(hand.sessions) as session:
        complete_job(session, held.held, [picture], [])
    [shown] = api.get(f"/v1/jobs/{made['id']}").json()["images"]
    assert shown["kind"] == kind
    body = {"task": "upscale", "image": {"job": made["id"], "index": 0}}
    assert_problem(api.post("/v1/jobs", json=body), 422, "input-not-found")


def test_the_price_is_what_runs(api: httpx.Client, hand: Hand) -> None:
    for task, fields, pixel_steps in (
        ("image-to-image", {"prompt": "p", "strength": 0.5}, 128 * 128 * 6),
        ("upscale", {"strength": 0.5}, 256 * 256 * 6),
        ("outpaint", {"prompt": "p", "margins": {"left": 64}}, 192 * 128 * 12),
    ):
        job = submit(api, task, image=upload(api, 128, 128), **fields)
        assert job["cost"]["reserved"] == pixel_steps / MEGA
        assert job["progress"]["steps"] == pixel_steps // (
            job["request"]["width"] * job["request"]["height"]
        )


def test_a_cancel_in_the_second_pass_pays_it_at_its_size(api: httpx.Client, hand: Hand) -> None:
    second = {"width": 256, "height": 256, "strength": 0.5, "num_inference_steps": 8}
    job = submit(api, "text-to-image", prompt="p", num_inference_steps=10, second_pass=second)
    assert job["progress"]["steps"] == 14
    assert job["cost"]["reserved"] == (128 * 128 * 10 + 256 * 256 * 4) / MEGA
    [held] = hand.claim(1)
    with transaction(hand.sessions) as session:
        finish_canceled(session, held.held, steps_done=11)
    settled = api.get(f"/v1/jobs/{job['id']}").json()["cost"]["settled"]
    assert settled == (128 * 128 * 10 + 256 * 256) / MEGA


def test_priority_is_kept_with_every_task(api: httpx.Client, hand: Hand, admin: Sessions) -> None:
    ranks = {"high": 0, "normal": 1, "low": 2}
    jobs = {}
    for number, (task, body) in enumerate(list_bodies(api, hand).items()):
        priority = list(ranks)[number % 3]
        job = submit(api, task, **body, priority=priority)
        assert job["request"]["priority"] == priority
        jobs[job["id"]] = ranks[priority]
    with transaction(admin) as session:
        stored = {one.id: one.priority for one in session.scalars(select(Job))}
    assert {job: stored[job] for job in jobs} == jobs


CHANGES: list[dict[str, object]] = [
    {"priority": "high"},
    {"sigmas": "karras"},
    {"second_pass": {}},
    {"second_pass": {"strength": 0.9}},
    {"output": {"contact_sheet": True}},
    {"num_images": 2},
    {"scheduler": "ddim"},
    {"metadata": {"a": "b"}},
    {"deadline_seconds": 61},
    {"task": "variation", "seed": 1},
]


def test_the_fingerprint_of_a_key_covers_every_field(api: httpx.Client) -> None:
    headers = {"Idempotency-Key": "one"}
    assert api.post("/v1/jobs", json=BODY, headers=headers).status_code == 202
    for change in CHANGES:
        answer = api.post("/v1/jobs", json=BODY | change, headers=headers)
        assert_problem(answer, 422, "idempotency-key-reused")
    again = api.post("/v1/jobs", json=dict(reversed(BODY.items())), headers=headers)
    assert again.status_code == 200


UNSUPPORTED: list[tuple[dict[str, object], str]] = [
    ({"scheduler": "magic"}, "/scheduler"),
    ({"scheduler": "ddim", "sigmas": "karras"}, "/sigmas"),
]


@pytest.mark.parametrize(("fields", "pointer"), UNSUPPORTED)
def test_what_the_model_cannot_do_names_its_field(
    api_for_all: httpx.Client, fields: dict[str, object], pointer: str
) -> None:
    answer = api_for_all.post("/v1/jobs", json=BODY | fields)
    problem: Any = assert_problem(answer, 422, "unsupported-parameter")
    assert [one["pointer"] for one in problem["errors"]] == [pointer]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"task": "image-to-image", "prompt": "p"}, "/image"),
        ({"task": "image-to-image", "prompt": "p", "image": {"asset": 1}}, "/image/asset"),
        ({"task": "inpaint", "prompt": "p", "image": MISSING, "hardness": 1}, "/hardness"),
        ({"task": "outpaint", "prompt": "p", "image": MISSING}, "/margins"),
        ({"task": "variation"}, "/source"),
        ({"task": "interpolate", "start": {"seed": 1}}, "/end"),
        ({"task": "interpolate", "start": {"seeds": 1}, "end": {}}, "/start/seeds"),
        ({"task": "interpolate", "start": {"seed": 1}, "end": {"seed": 1}}, "/end"),
        ({"task": "upscale", "image": {"job": "x"}}, "/image/index"),
        ({"task": "edit", "prompt": "p"}, "/task"),
    ],
)
def test_a_bad_field_is_pointed_at(
    api_for_all: httpx.Client, body: dict[str, object], pointer: str
) -> None:
    problem: Any = assert_problem(api_for_all.post("/v1/jobs", json=body), 422, "validation")
    assert pointer in {one["pointer"] for one in problem["errors"]}


def test_openapi_has_a_schema_for_each_task(api_for_all: httpx.Client, settings: Settings) -> None:
    page = api_for_all.get("/openapi.json").json()
    content = page["paths"]["/v1/jobs"]["post"]["requestBody"]["content"]["application/json"]
    tasks = content["schema"]["discriminator"]["mapping"]
    assert set(tasks) == set(Catalog.load(settings.catalog).get_model("mini").tasks)
    assert len(set(tasks.values())) == len(tasks)
    schemas = page["components"]["schemas"]
    for reference in tasks.values():
        schema = schemas[reference.rpartition("/")[2]]
        assert schema["additionalProperties"] is False
        assert schema["description"]
        undescribed = [
            name for name, field in schema["properties"].items() if "description" not in field
        ]
        assert not undescribed
    assert {one["value"]["task"] for one in content["examples"].values()} == set(tasks)
    form = page["paths"]["/v1/assets"]["post"]["requestBody"]["content"]["multipart/form-data"]
    assert form["schema"]["required"] == ["file"]
    assert "_" not in {name[0] for name in schemas}, json.dumps(sorted(schemas))
