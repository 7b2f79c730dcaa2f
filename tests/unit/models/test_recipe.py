"""The recipe at toy length, and the parts whose errors training would hide."""

import json
import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionPipeline

import models
from models.recipe.__main__ import main
from models.recipe.autoencoder import make_autoencoder, near_edges, whiten
from models.recipe.config import SMOKE
from models.recipe.crowds import RADII_PX, crowd
from models.recipe.denoiser import make_scheduler, velocity_loss
from models.recipe.export import load_parts
from models.recipe.parallel import claim_pieces, run_parallel
from models.recipe.report import SAMPLE_PROMPTS
from models.recipe.schedule import cosine
from models.recipe.stages import autoencoder, decoder, encode, text_encoder, unet
from models.recipe.text_encoder import Taught, change_loss, grown, tokens_of
from models.recipe.tokenizer import make_tokenizer
from models.recipe.train_autoencoder import (
    AutoencoderTrainer,
    Phase,
    load_autoencoder,
    pictures_of,
)
from models.recipe.train_unet import Trainer

# A phase that changes nothing that one could see.
STILL = Phase("still", 64, 2, 0.1, 1e-7, 1e-7)


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


def test_edges_weigh_more_and_gradients_do_not() -> None:
    pictures = torch.linspace(-1, 1, 64).expand(1, 3, 64, 64).clone()
    assert near_edges(pictures).sum() == 0
    pictures[..., 20:30, 20:30] = 1
    marked = near_edges(pictures)[0, 0]
    assert marked[25, 19] == marked[20, 25] == 1
    assert marked[5, 5] == marked[25, 25] == 0


@pytest.mark.parametrize("size_px", [64, 128])
def test_a_crowd_has_small_things_that_do_not_touch(size_px: int) -> None:
    rng = np.random.default_rng(0)
    crowds = [crowd(rng, size_px).things for _ in range(50)]
    radii = [thing.radius * size_px for things in crowds for thing in things]
    assert min(radii) >= RADII_PX[0]
    assert np.median(radii) < np.mean(RADII_PX)
    for things in crowds:
        for number, one in enumerate(things):
            for other in things[:number]:
                assert np.hypot(one.x - other.x, one.y - other.y) > one.radius + other.radius


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
    arguments = ["all", "--smoke", f"--runs={tmp_path / 'runs'}", f"--model={tmp_path / 'mini'}"]
    main(arguments)
    check_report(tmp_path)
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


def check_report(folder: Path) -> None:
    """The page and the card say what the figures say."""
    figures = json.loads((folder / "mini" / "report.json").read_text())
    assert set(figures["curves"]) == {
        "autoencoder, 64 px", "autoencoder, 128 px", "text encoder", "unet", "decoder"
    }  # fmt: skip
    card = (folder / "mini" / "README.md").read_text()
    everything = figures["scores"]["many"]["scores"]["everything"]
    assert f"({everything['met']} of {everything['judged']})" in card
    page = (folder / "runs" / "report.html").read_text()
    assert page.count("<svg") >= len(figures["curves"])
    assert page.count("data:image/webp") == len(SAMPLE_PROMPTS)


def test_a_model_is_trained_further_from_what_it_is(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """One toy stage after the other, from the bundled model; each keeps what it started from."""
    caplog.set_level(logging.INFO)
    start = Path(models.__file__).parent / "mini"
    before = load_parts(start)
    further = replace(SMOKE, start=start, small_pictures=STILL, full_pictures=STILL)
    for stage in (autoencoder, text_encoder, encode):
        stage(further, tmp_path)
    after = load_autoencoder(tmp_path / "autoencoder.pt")
    pictures = pictures_of(3, 0, 2, 128)
    with torch.no_grad():
        decoded = [
            vae.decode(vae.encode(pictures).latent_dist.mean).sample for vae in (before.vae, after)
        ]
    assert (decoded[0] - decoded[1]).abs().mean() < 0.02
    trainer = Trainer(replace(SMOKE.unet, seconds=0), tmp_path, tmp_path, before.unet.state_dict())
    for name, weight in before.unet.state_dict().items():
        assert torch.equal(trainer.ema.unet.state_dict()[name], weight)


def test_a_recipe_can_leave_the_decoder_as_it_is(tmp_path: Path) -> None:
    decoder(replace(SMOKE, decoder=None), tmp_path)
    assert not list(tmp_path.iterdir())


def test_new_words_leave_the_old_ones_as_they_were() -> None:
    start = load_parts(Path(models.__file__).parent / "mini")
    old = Taught(start.text_encoder, start.tokenizer)
    words = ["a red circle left of a blue square", "a tree"]
    encoder, tokenizer = grown(old, make_tokenizer()), make_tokenizer()
    with torch.no_grad():
        states = encoder(tokens_of(tokenizer, words)).last_hidden_state
    assert float(change_loss(states, words, old)) < 1e-9
    assert float(change_loss(states + 1, words, old)) > 0.01


def test_an_interrupted_autoencoder_goes_on(tmp_path: Path) -> None:
    torch.manual_seed(0)
    first = AutoencoderTrainer(make_autoencoder(), STILL, 1, tmp_path / "vae.pt")
    first.step(0.0)
    first.save()
    drawn = torch.rand(1)
    again = AutoencoderTrainer(make_autoencoder(), STILL, 1, tmp_path / "vae.pt")
    assert again.steps == 1
    assert torch.equal(torch.rand(1), drawn)
    assert again.optimizer.state_dict()["state"][0]["step"] == 1
    for mine, theirs in zip(again.parameters, first.parameters, strict=True):
        assert torch.equal(mine, theirs)


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
