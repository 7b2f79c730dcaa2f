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
from worker.engine.conditioning import list_cuts
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
    assert model.encode_text("x" * 22 + " tail").cut == "tail"


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
    texts = model.encode_text("a"), model.encode_text("b" * 99)
    guided = model.condition(*texts, guidance_scale=2.5, size_px=(64, 64))
    unguided = model.condition(*texts, guidance_scale=1.0, size_px=(64, 64))
    assert (guided.num_rows, unguided.num_rows) == (2, 1)
    assert list_cuts(*texts, unguided) == ()
    assert len(list_cuts(*texts, guided)) == 1
    name = "encoder_hidden_states"
    assert torch.equal(guided.rows[name][1:], unguided.rows[name])
