"""A text is encoded once while it is kept, and nothing is kept beyond the bound."""

from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.engine.requests import (
    CPU,
    check_equals_diffusers,
    finished,
    new_request,
    run_to_end,
)
from worker.engine.engine import Engine
from worker.engine.families.sd15 import StableDiffusion1
from worker.engine.loading import load_model
from worker.engine.prompt_cache import PromptCache


@pytest.fixture(scope="module")
def model(tiny: Path) -> StableDiffusion1:
    loaded = load_model(tiny, "sd15", CPU, torch.float32)
    assert isinstance(loaded, StableDiffusion1)
    return loaded


def test_a_text_found_changes_no_pixel(tiny: Path, model: StableDiffusion1) -> None:
    prompts = PromptCache(max_bytes=2**20)
    engine = Engine(lambda _: model, CPU, torch.float32, max_slots=8, prompts=prompts)
    engine.load("tiny")
    cold = new_request("cold", prompt="a red circle", negative_prompt="blue")
    warm = new_request("warm", prompt="a red circle", negative_prompt="blue", seeds=(1, 2))
    for number, request in enumerate((cold, warm)):
        done = finished(run_to_end(engine, {0: [request]}))
        check_equals_diffusers(tiny, request, done[request.id])
        assert (prompts.hits >= 2, prompts.misses) == (number == 1, 2)


def test_a_new_prompt_still_finds_its_negative_prompt(model: StableDiffusion1) -> None:
    prompts = PromptCache(max_bytes=2**20)
    for text in ("a star", "", "a moon", ""):
        prompts.encode("tiny", model, text)
    assert (prompts.hits, prompts.misses) == (1, 3)


def test_each_model_has_its_own_and_a_forgotten_one_none(model: StableDiffusion1) -> None:
    prompts = PromptCache(max_bytes=2**20)
    for name in ("one", "other", "one"):
        prompts.encode(name, model, "a star")
    assert (prompts.hits, prompts.misses) == (1, 2)
    prompts.forget("one")
    prompts.encode("other", model, "a star")
    prompts.encode("one", model, "a star")
    assert (prompts.hits, prompts.misses) == (2, 3)


@given(st.lists(st.sampled_from("abcdef"), max_size=30), st.integers(0, 4))
def test_the_bound_holds_and_the_last_used_stay(
    model: StableDiffusion1, texts: list[str], room: int
) -> None:
    size = sum(tensor.nbytes for tensor in model.encode_text("a").tensors.values())
    prompts, expected = PromptCache(max_bytes=room * size), list[str]()
    for text in texts:
        hits = prompts.hits
        prompts.encode("tiny", model, text)
        assert (prompts.hits > hits) == (text in expected)
        expected = [*(kept for kept in expected if kept != text), text][-room:] if room else []
        assert prompts.held_bytes == len(expected) * size
