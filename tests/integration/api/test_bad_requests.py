"""Requests that are wrong before any field is read: headers, paths, methods, ids, queries."""

import itertools
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.integration.api.conftest import BODY, JSON, assert_problem, text_of


@pytest.mark.parametrize(
    "content_type", [None, "text/plain", "application/x-www-form-urlencoded", "application/xml"]
)
def test_another_content_type(api_for_all: httpx.Client, content_type: str | None) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    answer = api_for_all.post("/v1/jobs", content=text_of(), headers=headers)
    assert_problem(answer, 415, "unsupported-media-type")


def test_a_charset_beside_the_content_type_is_fine(api_for_all: httpx.Client) -> None:
    headers = {"Content-Type": "Application/JSON; charset=UTF-8"}
    assert api_for_all.post("/v1/jobs", content=text_of(), headers=headers).status_code == 202


def test_an_encoded_body(api_for_all: httpx.Client) -> None:
    answer = api_for_all.post(
        "/v1/jobs", content=b"\x1f\x8b", headers=JSON | {"Content-Encoding": "gzip"}
    )
    assert_problem(answer, 415, "unsupported-media-type")


def test_a_body_too_large_declared_and_chunked(api_for_all: httpx.Client) -> None:
    large = text_of(prompt="a" * 1_100_000).encode()
    declared = api_for_all.post("/v1/jobs", content=large, headers=JSON)
    assert_problem(declared, 413, "payload-too-large")

    def chunks() -> Iterator[bytes]:
        for start in range(0, len(large), 65_536):
            yield large[start : start + 65_536]

    chunked = api_for_all.post("/v1/jobs", content=chunks(), headers=JSON)
    assert_problem(chunked, 413, "payload-too-large")


@pytest.mark.parametrize(
    "path", ["/nope", "/v1", "/v1/jobs/", "/v2/jobs", "/static/nope.js", "/v1//jobs"]
)
def test_an_unknown_path(api_for_all: httpx.Client, path: str) -> None:
    problem = assert_problem(api_for_all.get(path), 404, "not-found")
    assert problem["instance"] == path


METHODS = [("PUT", "/v1/jobs"), ("DELETE", "/v1/jobs"), ("PATCH", "/healthz"), ("POST", "/")]


@pytest.mark.parametrize(("method", "path"), METHODS)
def test_a_wrong_method_is_told_the_right_ones(
    api_for_all: httpx.Client, method: str, path: str
) -> None:
    answer = api_for_all.request(method, path)
    assert_problem(answer, 405, "method-not-allowed")
    allowed = {one.strip() for one in answer.headers["allow"].split(",")}
    assert allowed
    assert method not in allowed
    if path == "/v1/jobs":
        assert allowed >= {"GET", "POST"}


ODD_IDS = [
    "job_00000000000000000000000000000000",
    "nope",
    "job_",
    "%00",
    "job_%00",
    "job_0000000000000000000000000000000%30",
    "9" * 400,
    "..%2f..%2fetc",
    "job_GGGGGGGGGGGGGGGGGGGGGGGGGGGGGGGG",
    "%ff%fe",
]
CALLS = [
    ("GET", ""),
    ("DELETE", ""),
    ("POST", "/cancel"),
    ("POST", "/retry"),
    ("GET", "/events"),
    ("GET", "/images/0"),
]


@pytest.mark.parametrize(("odd_id", "call"), list(itertools.product(ODD_IDS, CALLS)))
def test_an_odd_id_is_not_found(
    api_for_all: httpx.Client, odd_id: str, call: tuple[str, str]
) -> None:
    method, rest = call
    answer = api_for_all.request(method, f"/v1/jobs/{odd_id}{rest}")
    assert_problem(answer, 404, "not-found")


QUERIES = [
    ("limit=-1", "/limit"),
    ("limit=0", "/limit"),
    ("limit=101", "/limit"),
    ("limit=1000000000", "/limit"),
    ("limit=many", "/limit"),
    ("status=pending", "/status"),
    ("task=sing", "/task"),
    ("created_after=yesterday", "/created_after"),
    ("created_after=2026-01-01T00:00:00", "/created_after"),
    ("model=%00", "/model"),
    ("page=2", "/page"),
    ("metadata[a]=%00", "/metadata"),
    ("metadata[]=1", "/metadata"),
    ("metadata[a][b]=1", "/metadata"),
    ("metadata=1", "/metadata"),
]


@pytest.mark.parametrize(("query", "pointer"), QUERIES)
def test_a_bad_query(api_for_all: httpx.Client, query: str, pointer: str) -> None:
    problem: Any = assert_problem(api_for_all.get(f"/v1/jobs?{query}"), 422, "validation")
    assert problem["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize("cursor", ["x", "%00", "am9iXw", "9" * 200, "%F0%9F%90%88", "=="])
def test_a_bad_cursor(api_for_all: httpx.Client, cursor: str) -> None:
    assert_problem(api_for_all.get(f"/v1/jobs?cursor={cursor}"), 400, "invalid-cursor")


@pytest.mark.parametrize("key", ["", "a" * 256, "caf\xe9", "a\tb"])
def test_a_malformed_idempotency_key(api_for_all: httpx.Client, key: str) -> None:
    headers = {"Idempotency-Key": key.encode("latin-1")}
    answer = api_for_all.post("/v1/jobs", json=BODY, headers=headers)  # type: ignore[arg-type]
    assert_problem(answer, 400, "idempotency-key-invalid")


@pytest.mark.parametrize(
    "prefer", ["wait", "wait=", "wait=0", "wait=-1", "wait=x", "wait=1e9", "respond-async", ",,"]
)
def test_a_preference_that_cannot_be_read_is_ignored(
    api_for_all: httpx.Client, prefer: str
) -> None:
    answer = api_for_all.post("/v1/jobs", json=BODY, headers={"Prefer": prefer})
    assert answer.status_code == 202
    assert "preference-applied" not in answer.headers


def test_a_request_id_is_kept_or_made(api_for_all: httpx.Client) -> None:
    given = api_for_all.get("/nope", headers={"X-Request-Id": "my-1"})
    assert given.headers["x-request-id"] == "my-1"
    made = api_for_all.get("/nope", headers={"X-Request-Id": "a b\x7f"})
    assert made.headers["x-request-id"].startswith("req_")


def test_problems_carry_the_security_headers(api_for_all: httpx.Client) -> None:
    headers = api_for_all.get("/nope").headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"].startswith("default-src 'none'")
