"""Previews resemble the picture they promise, and come when they are due."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from tests.unit.engine.requests import CPU, finished, new_engine, new_request, run_to_end
from worker.engine.events import Pixels, StepDone
from worker.engine.latents import draw_noise, seeded_generator
from worker.engine.loading import load_model
from worker.engine.preview import fit_painter


def test_previews_come_every_so_many_steps_but_not_beside_the_picture(tiny: Path) -> None:
    requests = [
        new_request("third", num_inference_steps=9, preview_every=3, seeds=(1, 2), width_px=96),
        new_request("none", num_inference_steps=9),
    ]
    ticks = run_to_end(new_engine({"tiny": tiny}), {0: requests})
    previews = {
        (event.id, event.step): event.preview
        for tick in ticks
        for event in tick
        if isinstance(event, StepDone) and event.preview is not None
    }
    assert list(previews) == [("third", 3), ("third", 6)]
    assert {preview.shape for preview in previews.values()} == {(16, 24, 3)}
    assert {preview.dtype for preview in previews.values()} == {np.dtype(np.uint8)}


def decode_bending(latents: torch.Tensor) -> torch.Tensor:
    """Colours that fold back on themselves, which no linear map can follow."""
    colours = latents[:, :3].abs() - 0.5
    return colours.repeat_interleave(8, 2).repeat_interleave(8, 3)


def test_a_painter_learns_colours_that_bend() -> None:
    latents = draw_noise(seeded_generator(5), (4, 4, 4), torch.float32).clamp(-2, 2)
    latents = latents.repeat_interleave(2, 2).repeat_interleave(2, 3)
    expected = ((latents[0, :3].abs() - 0.5) / 2 + 0.5).clamp(0, 1).permute(1, 2, 0) * 255
    painted = fit_painter(decode_bending, 4, CPU).paint(latents)[::2, ::2]
    assert _distance(painted, expected.numpy()) < 25


def test_a_painting_resembles_what_the_decoder_makes(mini: Path) -> None:
    model = load_model(mini, "sd15", CPU, torch.float32)
    with torch.inference_mode():
        patches = draw_noise(seeded_generator(3), (4, 4, 4), torch.float32).repeat_interleave(4, 2)
        latents = patches.repeat_interleave(4, 3)
        painted, decoded = model.preview(latents), _shrink(model.decode(latents)[0], 4)
    assert painted.shape == decoded.shape
    assert _distance(painted, decoded) < 0.5 * _distance(np.roll(painted, 8, axis=1), decoded)


def test_the_last_preview_resembles_the_picture(mini: Path) -> None:
    wanted = new_request(
        "job",
        model="mini",
        prompt="a red circle on a blue background",
        width_px=128,
        height_px=128,
        num_inference_steps=8,
        preview_every=7,
        scheduler="euler",
    )
    ticks = run_to_end(new_engine({"mini": mini}), {0: [wanted]})
    picture = _shrink(finished(ticks)["job"].images[0], 4)
    previews = [event.preview for tick in ticks for event in tick if isinstance(event, StepDone)]
    assert previews[6] is not None
    shifted = np.roll(previews[6], 8, axis=1)
    assert _distance(previews[6], picture) < _distance(shifted, picture)


def _shrink(picture: Pixels, factor: int) -> Pixels:
    height, width, _ = picture.shape
    blocks = picture.reshape(height // factor, factor, width // factor, factor, 3)
    return np.asarray(blocks.mean(axis=(1, 3)).astype(np.uint8))


def _distance(one: Pixels, other: npt.NDArray[Any]) -> float:
    return float(np.abs(one.astype(float) - other.astype(float)).mean())
