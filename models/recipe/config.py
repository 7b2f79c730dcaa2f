"""How long each phase lasts, and with what figures."""

from dataclasses import dataclass

from models.recipe.train_autoencoder import Phase
from models.recipe.train_unet import Plan


@dataclass(frozen=True)
class Recipe:
    """One run of the recipe, from nothing to a model folder."""

    seed: int
    workers: int
    small_pictures: Phase
    full_pictures: Phase
    whiten_count: int
    text_encoder_s: float
    shards: int
    shard_size: int
    unet: Plan
    decoder: Phase
    decoder_noise: float = 0.1


FULL = Recipe(
    seed=0,
    workers=2,
    small_pictures=Phase("autoencoder, 64 px", 64, 16, 430, 2e-3, 1e-3),
    full_pictures=Phase("autoencoder, 128 px", 128, 8, 330, 1.2e-3, 4e-5),
    whiten_count=1024,
    text_encoder_s=200,
    shards=16,
    shard_size=2000,
    unet=Plan(seconds=5040, seed=0),
    decoder=Phase("decoder", 128, 8, 900, 8e-4, 2e-5),
)
# Long enough to run every line, far too short to learn anything.
SMOKE = Recipe(
    seed=0,
    workers=1,
    small_pictures=Phase("autoencoder, 64 px", 64, 4, 1, 2e-3, 1e-3),
    full_pictures=Phase("autoencoder, 128 px", 128, 2, 1, 1e-3, 1e-4),
    whiten_count=32,
    text_encoder_s=1,
    shards=1,
    shard_size=40,
    unet=Plan(seconds=3, seed=0, batch=4, pieces=2),
    decoder=Phase("decoder", 128, 2, 1, 1e-3, 1e-4),
)
