"""Prompts: what the text encoder is told, and what of them does not fit."""

from pathlib import Path

import pytest
import torch

from tests.unit.engine.requests import (
    CPU,
    check_equals_diffusers,
    finished,
    new_engine,
    new_request,
    run_to_end,
)
from worker.engine.loading import load_model

# The tiny tokenizer holds 22 letters between its start and its end: up to `brig`.
LONG = "a red Circle, next to a bright House  (brush Stroke)"
LONG_CUT = "bright House  (brush Stroke)"


def test_what_was_cut_is_said_in_the_words_of_the_caller(tiny: Path) -> None:
    wanted = new_request("job", prompt=LONG, negative_prompt=LONG)
    done = finished(run_to_end(new_engine({"tiny": tiny}), {0: [wanted]}))["job"]
    assert done.warnings == (
        f"prompt-truncated: {LONG_CUT}",
        f"negative-prompt-truncated: {LONG_CUT}",
    )
    check_equals_diffusers(tiny, wanted, done)


def test_the_cut_is_where_the_place_ends(tiny: Path) -> None:
    model = load_model(tiny, "sd15", CPU, torch.float32)
    encoded = model.encode_prompt("x" * 22 + " tail", "", is_guided=False)
    assert encoded.warnings == ("prompt-truncated: tail",)


@pytest.mark.parametrize("prompt", ["", "x" * 22, "été ☕"])
def test_what_fits_is_not_cut(tiny: Path, prompt: str) -> None:
    wanted = new_request("job", prompt=prompt)
    done = finished(run_to_end(new_engine({"tiny": tiny}), {0: [wanted]}))["job"]
    assert done.warnings == ()
    check_equals_diffusers(tiny, wanted, done)


def test_the_longest_prompt_makes_a_picture(tiny: Path) -> None:
    wanted = new_request("job", prompt="word " * 6400, num_inference_steps=1)
    done = finished(run_to_end(new_engine({"tiny": tiny}), {0: [wanted]}))["job"]
    assert len(done.warnings[0]) > 31_000


def test_guidance_takes_a_row_for_the_negative_prompt_and_none_without(tiny: Path) -> None:
    model = load_model(tiny, "sd15", CPU, torch.float32)
    guided = model.encode_prompt("a", "b" * 99, is_guided=True)
    unguided = model.encode_prompt("a", "b" * 99, is_guided=False)
    assert (guided.num_rows, unguided.num_rows) == (2, 1)
    assert unguided.warnings == ()
    name = "encoder_hidden_states"
    assert torch.equal(guided.rows[name][1:], unguided.rows[name])
