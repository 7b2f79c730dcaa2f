"""Whatever is sent: the right problem, never a 500, never HTML."""

import itertools
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.integration.api.conftest import BODY, assert_problem

JSON = {"Content-Type": "application/json"}


def text_of(**fields: object) -> str:
    return json.dumps(BODY | fields)


MALFORMED = {
    "not json": b"{",
    "words": b"hello",
    "duplicate key": b'{"task": "text-to-image", "prompt": "a", "prompt": "b"}',
    "nan": b'{"task": "text-to-image", "prompt": "a", "guidance_scale": NaN}',
    "infinity": b'{"task": "text-to-image", "prompt": "a", "guidance_scale": -Infinity}',
    "lone surrogate": rb'{"task": "text-to-image", "prompt": "\ud800"}',
    "lone surrogate in a name": rb'{"task": "text-to-image", "prompt": "a", "\udfff": 1}',
    "byte order mark": b"\xef\xbb\xbf" + text_of().encode(),
    "utf-16": text_of().encode("utf-16"),
    "latin-1": b'{"task": "text-to-image", "prompt": "\xe9"}',
    "nested": b'{"prompt": ' + b"[" * 33 + b"]" * 33 + b"}",
    "nested very deep": b"[" * 100_000,
    "trailing comma": b'{"task": "text-to-image",}',
    "two texts": b"{}{}",
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED)
def test_malformed_json(api_for_all: httpx.Client, body: bytes) -> None:
    assert_problem(api_for_all.post("/v1/jobs", content=body, headers=JSON), 400, "malformed-json")


FIELDS: list[tuple[dict[str, object], str]] = [
    ({"width": "wide"}, "/width"),
    ({"width": -512}, "/width"),
    ({"width": 0}, "/width"),
    ({"width": 65}, "/width"),
    ({"width": 512}, "/width"),
    ({"width": 10**9}, "/width"),
    ({"width": 10**30}, "/width"),
    ({"width": 128.5}, "/width"),
    ({"width": True}, "/width"),
    ({"height": [128]}, "/height"),
    ({"prompt": None}, "/prompt"),
    ({"prompt": 7}, "/prompt"),
    ({"prompt": "a" * 32_001}, "/prompt"),
    ({"prompt": "a\0b"}, "/prompt"),
    ({"prompt": "a\x1bb"}, "/prompt"),
    ({"negative_prompt": "a\0b"}, "/negative_prompt"),
    ({"seed": -1}, "/seed"),
    ({"seed": 2**63}, "/seed"),
    ({"seed": 2**63 - 1, "num_images": 2}, "/seed"),
    ({"seed": "1"}, "/seed"),
    ({"num_images": 0}, "/num_images"),
    ({"num_images": 11}, "/num_images"),
    ({"num_inference_steps": 101}, "/num_inference_steps"),
    ({"guidance_scale": 0.5}, "/guidance_scale"),
    ({"guidance_scale": "much"}, "/guidance_scale"),
    ({"output": {"format": "gif"}}, "/output/format"),
    ({"output": {"depth": 16}}, "/output/depth"),
    ({"output": "png"}, "/output"),
    ({"deadline_seconds": 59}, "/deadline_seconds"),
    ({"metadata": {"order": 1}}, "/metadata/order"),
    ({"metadata": {"a/b~c": 1}}, "/metadata/a~1b~0c"),
    ({"metadata": {str(n): "" for n in range(33)}}, "/metadata"),
    ({"metadata": "order"}, "/metadata"),
    ({"tenant_id": "ten_1"}, "/tenant_id"),
    ({"status": "succeeded"}, "/status"),
    ({"cost": 0}, "/cost"),
    ({"task": "text-to-speech"}, "/task"),
    ({"task": None}, "/task"),
    ({"model": 5}, "/model"),
]


@pytest.mark.parametrize(("fields", "pointer"), FIELDS, ids=[str(one[0])[:40] for one in FIELDS])
def test_a_bad_field_is_pointed_at(
    api_for_all: httpx.Client, fields: dict[str, object], pointer: str
) -> None:
    answer = api_for_all.post("/v1/jobs", json=BODY | fields)
    problem: Any = assert_problem(answer, 422, "validation")
    assert pointer in {one["pointer"] for one in problem["errors"]}
    assert all(one["message"] for one in problem["errors"])


@pytest.mark.parametrize("number", ["1e400", "9" * 5000, "-1e-400", "1E+2"])
def test_strange_numbers_are_validation_faults(api_for_all: httpx.Client, number: str) -> None:
    body = text_of().removesuffix("}") + f', "width": {number}}}'
    answer = api_for_all.post("/v1/jobs", content=body, headers=JSON)
    problem: Any = assert_problem(answer, 422, "validation")
    assert problem["errors"][0]["pointer"] == "/width"


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"null", b'"text"', b"1"])
def test_a_body_that_is_no_request(api_for_all: httpx.Client, body: bytes) -> None:
    assert_problem(api_for_all.post("/v1/jobs", content=body, headers=JSON), 422, "validation")


MODELS = ["nope", "../../x", "http://127.0.0.1/x", "stabilityai/sd-turbo", "", "mini\0", "MINI"]


@pytest.mark.parametrize("model", MODELS)
def test_an_unknown_model(api_for_all: httpx.Client, model: str) -> None:
    answer = api_for_all.post("/v1/jobs", json=BODY | {"model": model})
    problem: Any = assert_problem(answer, 422, "unknown-model")
    assert problem["errors"][0]["pointer"] == "/model"


def test_what_the_model_cannot_do(api_for_all: httpx.Client) -> None:
    answer = api_for_all.post("/v1/jobs", json=BODY | {"scheduler": "euler-ancestral"})
    problem: Any = assert_problem(answer, 422, "unsupported-parameter")
    assert problem["errors"][0]["pointer"] == "/scheduler"


STRANGE_PROMPTS = [
    "",
    "\u200b\u200b",
    "\u202eright to left",
    "一只猫",
    "🐈‍⬛",
    "a\nb\tc",
    "a" * 32_000,
]


@pytest.mark.parametrize("prompt", STRANGE_PROMPTS, ids=range(len(STRANGE_PROMPTS)))
def test_strange_prompts_are_kept_to_the_letter(api_for_all: httpx.Client, prompt: str) -> None:
    answer = api_for_all.post("/v1/jobs", json=BODY | {"prompt": prompt})
    assert answer.status_code == 202, answer.text
    assert answer.json()["request"]["prompt"] == prompt


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
