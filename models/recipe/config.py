"""How long each phase lasts, and with what figures."""

from dataclasses import dataclass
from pathlib import Path

from models.recipe.train_autoencoder import Phase
from models.recipe.train_unet import Plan


@dataclass(frozen=True)
class Recipe:
    """One run of the recipe to a model folder, from nothing or from the model `start`."""

    seed: int
    workers: int
    small_pictures: Phase
    full_pictures: Phase
    whiten_count: int
    text_encoder_s: float
    shards: int
    shard_size: int
    unet: Plan
    decoder: Phase | None
    decoder_noise: float = 0.1
    start: Path | None = None


FULL = Recipe(
    seed=0,
    workers=2,
    small_pictures=Phase("autoencoder, 64 px", 64, 16, 430, 2e-3, 1e-3, 0.5),
    full_pictures=Phase("autoencoder, 128 px", 128, 8, 330, 1.2e-3, 4e-5, 0.4),
    whiten_count=1024,
    text_encoder_s=200,
    shards=16,
    shard_size=2000,
    unet=Plan(seconds=5040, seed=0),
    decoder=Phase("decoder", 128, 8, 900, 8e-4, 2e-5, 0.4),
)
# From a model that already draws: what it lost in the autoencoder, and words it did not know.
FURTHER = Recipe(
    seed=10,
    workers=1,
    small_pictures=Phase("autoencoder, 64 px", 64, 16, 560, 1e-3, 1e-4, 0.7, 0.05),
    full_pictures=Phase("autoencoder, 128 px", 128, 8, 480, 6e-4, 2e-5, 0.4, 0.05),
    whiten_count=1024,
    text_encoder_s=480,
    shards=12,
    shard_size=2000,
    unet=Plan(seconds=3690, seed=1, batch=32, pieces=1, peak_lr=8e-4),
    decoder=None,  # noise on the latents has already taught it, beside its encoder
)
# Long enough to run every line, far too short to learn anything.
SMOKE = Recipe(
    seed=0,
    workers=1,
    small_pictures=Phase("autoencoder, 64 px", 64, 4, 1, 2e-3, 1e-3, 0.5, 0.05),
    full_pictures=Phase("autoencoder, 128 px", 128, 2, 1, 1e-3, 1e-4),
    whiten_count=32,
    text_encoder_s=1,
    shards=1,
    shard_size=40,
    unet=Plan(seconds=3, seed=0, batch=4, pieces=2),
    decoder=Phase("decoder", 128, 2, 1, 1e-3, 1e-4),
)
