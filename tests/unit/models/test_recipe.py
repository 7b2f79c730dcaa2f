"""The recipe at toy length, and the parts whose errors training would hide."""

import logging
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from diffusers import StableDiffusionPipeline

from models.recipe.autoencoder import make_autoencoder, whiten
from models.recipe.config import SMOKE
from models.recipe.denoiser import make_scheduler, velocity_loss
from models.recipe.parallel import claim_pieces, run_parallel
from models.recipe.schedule import cosine
from models.recipe.stages import run_all, unet
from models.recipe.train_autoencoder import pictures_of


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@torch.no_grad()
def test_whitening_changes_latents_but_not_pictures() -> None:
    torch.manual_seed(0)
    vae = make_autoencoder().eval()
    pictures = pictures_of(3, 0, 8, 64)
    before = vae.encode(pictures).latent_dist.mean
    decoded = vae.decode(before).sample
    whiten(vae, before)
    after = vae.encode(pictures).latent_dist.mean
    flat = after.permute(1, 0, 2, 3).flatten(1)
    assert flat.mean(1).tolist() == pytest.approx([0.0] * 4, abs=1e-3)
    assert torch.allclose(torch.cov(flat), torch.eye(4), atol=1e-2)
    assert torch.allclose(vae.decode(after).sample, decoded, atol=1e-3)


@torch.no_grad()
def test_the_autoencoder_starts_with_the_colours_nearly_right() -> None:
    torch.manual_seed(0)
    vae = make_autoencoder()
    average = vae.encoder.down_blocks[0].downsamplers[0]
    flat = torch.ones(1, 16, 8, 8) * torch.arange(16.0)[:, None, None]
    assert (average(flat) - flat[..., :4, :4]).abs()[..., 1:-1, 1:-1].mean() < 4
    assert vae.encoder.conv_in.bias[:2].tolist() == [2.0, -2.0]


def test_the_loss_weighs_noise_levels_as_documented() -> None:
    predicted, velocity = torch.zeros(3, 4, 2, 2), torch.ones(3, 4, 2, 2)
    for signal, weight in ((0.0, 1.0), (0.5, 1.0), (0.9, 0.5)):
        loss = velocity_loss(predicted, velocity, torch.full((3,), signal))
        assert float(loss) == pytest.approx(weight, abs=1e-6)


def test_the_schedule_ends_in_pure_noise() -> None:
    scheduler = make_scheduler()
    assert float(scheduler.alphas_cumprod[-1]) == pytest.approx(0, abs=1e-6)
    assert scheduler.config.steps_offset == 1
    assert cosine(0, 1.0, 0.1) == 1.0
    assert cosine(1, 1.0, 0.1) == pytest.approx(0.1)


def test_one_process_takes_all_pieces() -> None:
    assert list(claim_pieces(2, 4)) == [8, 9, 10, 11]


def test_a_toy_run_gives_a_model_that_loads_and_a_run_that_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    run_all(SMOKE, tmp_path / "runs", tmp_path / "mini")
    pipeline = StableDiffusionPipeline.from_pretrained(tmp_path / "mini", dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    picture = pipeline("a red circle", num_inference_steps=2).images[0]
    assert picture.size == (128, 128)

    checkpoint = tmp_path / "runs" / "unet.pt"
    first = torch.load(checkpoint, weights_only=True)
    torch.save({**first, "steps": 1_000}, checkpoint)
    longer = replace(SMOKE, unet=replace(SMOKE.unet, seconds=first["spent_s"] + 1))
    unet(longer, tmp_path / "runs")
    second = torch.load(checkpoint, weights_only=True)
    assert second["steps"] > 1_000
    assert second["spent_s"] > first["spent_s"]


def _write_rank(folder: Path) -> None:
    from models.recipe.parallel import average_gradients, rank

    weight = torch.zeros(3, requires_grad=True)
    claimed = 0
    for _ in claim_pieces(0, 4):
        claimed += 1
        (weight.sum() * 2).backward()
    share = average_gradients([weight], float(rank()), 4)
    assert weight.grad is not None
    torch.save((claimed, share, weight.grad), folder / f"{rank()}.pt")


def test_two_processes_average_what_they_claimed(tmp_path: Path) -> None:
    run_parallel(_write_rank, 2, tmp_path / "meeting", tmp_path)
    results = [torch.load(tmp_path / f"{number}.pt", weights_only=True) for number in range(2)]
    assert sum(claimed for claimed, _, _ in results) == 4
    for _, share, gradient in results:
        assert share == 0.5
        assert gradient.tolist() == [2.0, 2.0, 2.0]
