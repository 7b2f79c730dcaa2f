"""What the API says of itself: models, health, OpenAPI, reference and problem pages."""

import html
import re
import time
from typing import Any, get_args

import httpx
import pytest

from api.errors import list_problems
from api.live_workers import FRESH_S
from shared.config import Settings
from shared.db import transaction
from shared.jobs.report_worker import WorkerReport, report_worker
from shared.models.catalog import Task
from tests.integration.api.conftest import BODY, Hand, assert_problem


def test_models(api: httpx.Client, hand: Hand) -> None:
    listed = api.get("/v1/models").json()
    assert listed["object"] == "list"
    [mini] = listed["data"]
    assert (mini["id"], mini["object"], mini["owned_by"]) == ("mini", "model", "atelier")
    assert mini["defaults"]["scheduler"] in mini["schedulers"]
    assert mini["limits"]["size_multiple"] == 32
    assert mini["price"] == {"factor": 1.0, "unit": "megapixel-step"}
    assert mini["workers"] == {"alive": 0, "warm": 0}
    assert api.get("/v1/models/mini").json() == mini
    assert_problem(api.get("/v1/models/nope"), 404, "not-found")

    def report(*models: str) -> dict[str, Any]:
        facts = WorkerReport(
            worker_id="w1",
            pool="default",
            device="cpu",
            dtype="float32",
            slots=8,
            models=models,
            loading=None,
        )
        with transaction(hand.sessions) as session:
            report_worker(session, facts)
        time.sleep(FRESH_S)
        made: dict[str, Any] = api.post("/v1/jobs", json=BODY).json()
        return made

    assert report()["queue"]["waiting_for"] == "model-load"
    assert report("mini")["queue"]["waiting_for"] is None
    assert api.get("/v1/models/mini").json()["workers"] == {"alive": 1, "warm": 1}
    assert api.get("/readyz").json()["workers_alive"] == 1


def test_health_needs_no_key(api_for_all: httpx.Client) -> None:
    assert httpx.get(api_for_all.base_url.join("/healthz")).json() == {"status": "ok"}
    ready = httpx.get(api_for_all.base_url.join("/readyz"))
    assert ready.status_code == 200
    for part in ("database", "broker", "store"):
        assert ready.json()[part] == {"status": "ok", "detail": None}


def test_ready_names_the_broker_that_is_down(
    api: httpx.Client, redis_away: Any, settings: Settings
) -> None:
    redis_away()
    ready = api.get("/readyz")
    assert ready.status_code == 503
    assert ready.json()["broker"]["status"] == "down"
    assert ready.json()["database"]["status"] == "ok"
    assert settings.redis_url.get_secret_value() not in ready.text


def test_openapi_shows_every_route_with_examples(api_for_all: httpx.Client) -> None:
    spec = api_for_all.get("/openapi.json").json()
    create = spec["paths"]["/v1/jobs"]["post"]
    examples = create["requestBody"]["content"]["application/json"]["examples"]
    assert set(examples) == {"short", "full"} | set(get_args(Task)) - {"text-to-image"}
    assert set(create["responses"]) >= {"200", "201", "202", "400", "401", "413", "415", "422"}
    kinds = set(list_problems())
    for path, item in spec["paths"].items():
        for operation in item.values():
            assert operation["description"], path
            for status, answer in operation["responses"].items():
                assert answer["description"], (path, status)
                if status.startswith(("4", "5")) and path != "/readyz":
                    examples = answer["content"]["application/problem+json"]["examples"]
                    assert set(examples) <= kinds
    view = spec["components"]["schemas"]["JobView"]
    assert set(view["required"]) == set(view["properties"])


def test_every_example_request_is_accepted(api_for_all: httpx.Client) -> None:
    spec = api_for_all.get("/openapi.json").json()
    body = spec["paths"]["/v1/jobs"]["post"]["requestBody"]["content"]["application/json"]
    for example in body["examples"].values():
        answer = api_for_all.post("/v1/jobs", json=example["value"])
        if {"image", "source"} & set(
            example["value"]
        ):  # the pictures are not there, all else holds
            assert_problem(answer, 422, "input-not-found")
        else:
            assert answer.status_code == 202, answer.text


@pytest.mark.parametrize("slug", list_problems())
def test_every_kind_of_problem_has_a_page(api_for_all: httpx.Client, slug: str) -> None:
    page = httpx.get(api_for_all.base_url.join(f"/problems/{slug}"))
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert list_problems()[slug].title in html.unescape(page.text)
    assert "[[" not in page.text


def test_an_unknown_kind_of_problem(api_for_all: httpx.Client) -> None:
    assert_problem(api_for_all.get("/problems/nope"), 404, "not-found")


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_pages_load_nothing_from_elsewhere(api_for_all: httpx.Client, path: str) -> None:
    page = httpx.get(api_for_all.base_url.join(path))
    assert page.status_code == 200
    policy = page.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    links = re.findall(r'(?:href|src)="([^"]+)"', page.text)
    assert links
    for link in links:
        assert link.startswith("/")
        assert httpx.get(api_for_all.base_url.join(link)).status_code == 200
