"""Drawn pictures as latents on disk, in shards that a training run may still be receiving."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from models.recipe.networks import Autoencoder
from models.recipe.progress import Progress
from models.recipe.scenes import Scene, scene_of
from models.recipe.train_autoencoder import pictures_of

SHARD = 2_000
SERIES = 7
LANDSCAPE_SHARE = 0.2


def shard_path(folder: Path, number: int) -> Path:
    """Name the file of one shard."""
    return folder / f"latents_{number:04d}.pt"


@torch.no_grad()
def encode_shard(vae: Autoencoder, folder: Path, number: int, count: int = SHARD) -> None:
    """Encode one shard of the series of training scenes: float16, (count, 4, 16, 16)."""
    path = shard_path(folder, number)
    if path.exists():
        return
    progress = Progress(f"shard {number}", 1.0)
    parts = []
    for first in range(number * count, (number + 1) * count, 40):
        pictures = pictures_of(SERIES, first, min(40, (number + 1) * count - first), 128)
        with torch.autocast("cpu", torch.bfloat16, enabled=False):
            parts.append(vae.encode(pictures).latent_dist.mean.half())
        progress.steps += 1
    partial = path.with_suffix(".partial")
    torch.save(torch.cat(parts).contiguous(), partial)
    partial.rename(path)


class LatentSet:
    """All shards at hand; the scenes are drawn again from their numbers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.latents = torch.empty(0, 4, 16, 16, dtype=torch.float16)
        self.scenes: list[Scene] = []
        self.landscapes: list[int] = []
        self.shards = 0
        self.refresh()

    def refresh(self) -> None:
        """Take in shards that have come since."""
        while (path := shard_path(self.folder, self.shards)).exists():
            shard = torch.load(path, weights_only=True)
            first = len(self.scenes)
            self.scenes += [scene_of(SERIES, first + i) for i in range(len(shard))]
            news = range(first, len(self.scenes))
            self.landscapes += [number for number in news if self.scenes[number].landscape]
            self.latents = torch.cat([self.latents, shard])
            self.shards += 1

    def __len__(self) -> int:
        return len(self.scenes)

    def pick(self, rng: np.random.Generator, count: int) -> list[int]:
        """Choose pictures by number; landscapes more often than they come, as each is its own."""
        any_number = rng.integers(len(self), size=count)
        if not self.landscapes:
            return [int(number) for number in any_number]
        landscapes = rng.choice(self.landscapes, size=count)
        chosen = np.where(rng.random(count) < LANDSCAPE_SHARE, landscapes, any_number)
        return [int(number) for number in chosen]

    def at(self, numbers: list[int]) -> tuple[Tensor, list[Scene]]:
        """Give latents, float32 (B, 4, 16, 16), and their scenes."""
        return self.latents[numbers].float(), [self.scenes[number] for number in numbers]
