"""What a request may hold, and how a model's defaults and limits complete it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.errors import UnknownModel, UnsupportedParameter, ValidationFailed
from shared.jobs.request_fields import MAX_SEED
from shared.jobs.requests import TextToImageRequest
from shared.jobs.resolve import resolve_request
from shared.models.catalog import Catalog

CATALOG = Catalog.load(Path(__file__).parents[3] / "models" / "catalog.toml")
MINI = CATALOG.get_model("mini")


def ask(**fields: object) -> TextToImageRequest:
    return TextToImageRequest.model_validate({"task": "text-to-image", "prompt": "p"} | fields)


def test_what_is_left_out_becomes_the_models_default() -> None:
    resolved = resolve_request(ask(), MINI)
    assert (resolved.width, resolved.height, resolved.num_inference_steps) == (128, 128, 12)
    assert (resolved.guidance_scale, resolved.scheduler) == (2.5, "dpm++2m")
    assert 0 <= resolved.seed < 2**32


def test_zero_is_a_seed_and_not_an_omission() -> None:
    assert resolve_request(ask(seed=0), MINI).seed == 0


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("width", "wide"), ("width", -512), ("width", 0), ("width", 10**9), ("width", 512.5),
        ("width", True), ("width", 10**400), ("seed", -1), ("seed", MAX_SEED + 1),
        ("seed", 1.0), ("prompt", None), ("prompt", "a\x00b"), ("prompt", "\x1b[2J"),
        ("prompt", "x" * 32_001), ("num_images", 0), ("guidance_scale", float("nan")),
        ("guidance_scale", float("inf")), ("tenant_id", "ten_x"), ("status", "succeeded"),
        ("task", "paint"), ("metadata", {"k": 1}), ("metadata", {"": "v"}),
        ("metadata", {str(n): "v" for n in range(33)}), ("deadline_seconds", 59),
        ("output", {"format": "bmp"}), ("output", {"quality": 0}), ("scheduler", 7),
    ],
)  # fmt: skip
def test_a_bad_field_is_refused(field: str, value: object) -> None:
    with pytest.raises(ValidationError) as caught:
        ask(**{field: value})
    assert caught.value.errors()[0]["loc"][0] == field


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("width", 513), ("width", 32), ("height", 288), ("num_inference_steps", 101),
        ("guidance_scale", 0.5), ("guidance_scale", 21), ("num_images", 11),
    ],
)  # fmt: skip
def test_a_number_outside_the_model_names_its_field(field: str, value: object) -> None:
    with pytest.raises(ValidationFailed) as caught:
        resolve_request(ask(**{field: value}), MINI)
    assert [one.pointer for one in caught.value.fields] == [f"/{field}"]


def test_every_wrong_field_is_named_at_once() -> None:
    with pytest.raises(ValidationFailed) as caught:
        resolve_request(ask(width=513, height=1, num_images=11), MINI)
    assert [one.pointer for one in caught.value.fields] == ["/width", "/height", "/num_images"]


def test_a_scheduler_the_model_lacks_is_unsupported() -> None:
    with pytest.raises(UnsupportedParameter, match="dpm\\+\\+2m"):
        resolve_request(ask(scheduler="magic"), MINI)


def test_the_last_pictures_seed_stays_in_range() -> None:
    assert resolve_request(ask(seed=MAX_SEED), MINI).seed == MAX_SEED
    with pytest.raises(ValidationFailed):
        resolve_request(ask(seed=MAX_SEED, num_images=2), MINI)


def test_an_unknown_model_lists_the_known_ones() -> None:
    for name in ("../../x", "http://x", "owner/name", ""):
        with pytest.raises(UnknownModel) as caught:
            CATALOG.get_model(name)
        assert "mini" in caught.value.fields[0].message


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=200))
def test_any_prompt_without_control_characters_is_kept_byte_for_byte(prompt: str) -> None:
    assert resolve_request(ask(prompt=prompt), MINI).prompt == prompt


def test_a_resolved_request_survives_the_row() -> None:
    resolved = resolve_request(ask(prompt="赤い丸\n", seed=MAX_SEED), MINI)
    assert type(resolved).model_validate(resolved.as_json()) == resolved
