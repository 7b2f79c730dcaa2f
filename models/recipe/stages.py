"""The stages of the recipe in their order; each leaves its files in one folder for the next.

A stage whose file lies there is over: to run it again, take the file away.
"""

import logging
from collections.abc import Callable
from pathlib import Path

import torch

from models.recipe.autoencoder import make_autoencoder
from models.recipe.config import Recipe
from models.recipe.denoiser import make_scheduler
from models.recipe.export import export, load_parts, make_pipeline
from models.recipe.latents import encode_shard
from models.recipe.networks import Autoencoder
from models.recipe.parallel import num_workers, rank, run_parallel
from models.recipe.text_encoder import Taught, train_text_encoder
from models.recipe.train_autoencoder import (
    load_autoencoder,
    train_phase,
    tune_decoder,
    whiten_on,
)
from models.recipe.train_unet import Denoiser, train_unet

log = logging.getLogger(__name__)


def start_log() -> None:
    """Log to the terminal with the time of day."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S")


def autoencoder(recipe: Recipe, folder: Path) -> None:
    """Train the autoencoder on small pictures, then on full ones, and whiten its latents."""
    if (folder / "autoencoder.pt").exists():
        return
    run_parallel(_autoencoder, recipe.workers, folder / "meeting", recipe, folder)
    vae = load_autoencoder(folder / "autoencoder_raw.pt")
    whiten_on(vae, recipe.seed + 3, recipe.whiten_count)
    torch.save(vae.state_dict(), folder / "autoencoder.pt")


def _autoencoder(recipe: Recipe, folder: Path) -> None:
    start_log()
    torch.manual_seed(recipe.seed)
    vae = load_parts(recipe.start).vae if recipe.start else make_autoencoder()
    train_phase(vae, recipe.small_pictures, recipe.seed + 1, folder / "autoencoder_small.pt")
    train_phase(vae, recipe.full_pictures, recipe.seed + 2, folder / "autoencoder_raw.pt")


def text_encoder(recipe: Recipe, folder: Path) -> None:
    """Teach the text encoder what captions say."""
    path = folder / "text_encoder.pt"
    if path.exists():
        return
    old = None
    if recipe.start:
        parts = load_parts(recipe.start)
        old = Taught(parts.text_encoder.requires_grad_(requires_grad=False), parts.tokenizer)
    train_text_encoder(recipe.text_encoder_s, recipe.seed, path, old=old)


def encode(recipe: Recipe, folder: Path) -> None:
    """Draw the training pictures and keep their latents; shards at hand are left as they are."""
    run_parallel(_encode, recipe.workers, folder / "meeting", recipe, folder)


def _encode(recipe: Recipe, folder: Path) -> None:
    start_log()
    vae = load_autoencoder(folder / "autoencoder.pt").eval()
    for number in range(rank(), recipe.shards, num_workers()):
        encode_shard(vae, folder, number, recipe.shard_size)
        log.info("encode: shard %d of %d", number + 1, recipe.shards)


def unet(recipe: Recipe, folder: Path) -> None:
    """Train the U-Net, from its last checkpoint if there is one."""
    run_parallel(_unet, recipe.workers, folder / "meeting", recipe, folder)


def _unet(recipe: Recipe, folder: Path) -> None:
    start_log()
    start = load_parts(recipe.start).unet.state_dict() if recipe.start else None
    train_unet(recipe.unet, folder, folder, start)


def decoder(recipe: Recipe, folder: Path) -> None:
    """Tune the decoder; the encoder, and with it the meaning of the latents, stays."""
    if recipe.decoder is None:
        return
    vae = load_autoencoder(folder / "autoencoder.pt")
    tune_decoder(vae, recipe.decoder, recipe.seed + 4, recipe.decoder_noise, folder / "decoder.pt")


def newest_autoencoder(folder: Path) -> Autoencoder:
    """Load the autoencoder, with its tuned decoder if there is one."""
    tuned = folder / "decoder.pt"
    return load_autoencoder(tuned if tuned.exists() else folder / "autoencoder.pt")


def write_model(folder: Path, model: Path) -> None:
    """Write the averaged weights as a model folder."""
    net = Denoiser()
    net.load_state_dict(torch.load(folder / "unet.pt", weights_only=True)["ema"])
    vae = newest_autoencoder(folder)
    parts = (vae, net.text_encoder, net.tokenizer, net.unet, make_scheduler())
    export(make_pipeline(*parts), model)


STAGES: dict[str, Callable[[Recipe, Path], None]] = {
    "autoencoder": autoencoder,
    "text-encoder": text_encoder,
    "encode": encode,
    "unet": unet,
    "decoder": decoder,
}


def run_all(recipe: Recipe, folder: Path, model: Path) -> None:
    """Run every stage and write the model."""
    folder.mkdir(parents=True, exist_ok=True)
    for stage in STAGES.values():
        stage(recipe, folder)
    write_model(folder, model)
