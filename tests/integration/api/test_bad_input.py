"""Bodies of `POST /v1/jobs`: the right problem for each fault, never a 500, never HTML."""

from typing import Any

import httpx
import pytest

from tests.integration.api.conftest import BODY, JSON, assert_problem, text_of

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
