"""Training the autoencoder: small pictures first, then full ones, then the decoder alone."""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from models.recipe.autoencoder import make_autoencoder, reconstruction_loss, whiten
from models.recipe.checkpoint import find_checkpoint, save_checkpoint
from models.recipe.crowds import crowd
from models.recipe.drawing import draw
from models.recipe.networks import Autoencoder
from models.recipe.parallel import average_gradients, num_workers, rank, share_start
from models.recipe.progress import Progress
from models.recipe.scenes import Scene, scene_of
from models.recipe.schedule import cosine

KL_WEIGHT = 1e-5
SAVE_EVERY_S = 60.0


@dataclass(frozen=True)
class Phase:
    """One stretch of training; its learning rate follows one cosine over its seconds.

    `crowd_share` of the pictures are crowds; `noise` is the most that is added to the latents.
    """

    name: str
    size_px: int
    batch: int
    seconds: float
    peak_lr: float
    last_lr: float
    crowd_share: float = 0.0
    noise: float = 0.0


def pictures_of(
    seed: int, first: int, count: int, size_px: int, crowd_share: float = 0.0
) -> Tensor:
    """Draw training pictures: (B, 3, H, W), from -1 to 1."""
    drawn = np.stack(
        [draw(shown(seed, first + i, size_px, crowd_share), size_px) for i in range(count)]
    )
    # The permuted view is already in the memory order that convolutions like best here.
    return torch.from_numpy(drawn).permute(0, 3, 1, 2).float() / 127.5 - 1


def shown(seed: int, index: int, size_px: int, crowd_share: float) -> Scene:
    """Give picture number `index` of a series: a crowd, or a scene as captions know it."""
    rng = np.random.default_rng((seed, index, size_px))
    return crowd(rng, size_px) if rng.random() < crowd_share else scene_of(seed, index)


class AutoencoderTrainer:
    """One phase; its checkpoint keeps weights, optimizer, generator and clock."""

    def __init__(self, vae: Autoencoder, phase: Phase, seed: int, save: Path) -> None:
        torch.manual_seed(seed + rank())
        self.vae, self.phase, self.seed, self.save_to = vae, phase, seed, save
        vae.to(memory_format=torch.channels_last)
        self.parameters = list(vae.parameters())
        self.optimizer = torch.optim.AdamW(self.parameters, lr=phase.peak_lr, betas=(0.9, 0.99))
        self.steps, spent_s = self.load()
        share_start([vae])
        self.progress = Progress(
            phase.name, phase.seconds, spent_s, folder=save.parent, is_quiet=rank() > 0
        )

    @property
    def checkpoint(self) -> Path:
        """Where this phase can go on from."""
        return self.save_to.with_suffix(".checkpoint")

    def load(self) -> tuple[int, float]:
        """Go on from the checkpoint if there is one; return its steps and seconds."""
        saved = find_checkpoint(self.checkpoint)
        if saved is None:
            return 0, 0.0
        self.vae.load_state_dict(saved["vae"])
        self.optimizer.load_state_dict(saved["optimizer"])
        torch.set_rng_state(saved["generator"])
        return int(saved["steps"]), float(saved["spent_s"])

    def save(self) -> None:
        """Write the checkpoint."""
        states = {"vae": self.vae.state_dict(), "optimizer": self.optimizer.state_dict()}
        figures = {"steps": self.steps, "spent_s": self.progress.spent_s}
        save_checkpoint(self.checkpoint, {**states, **figures, "generator": torch.get_rng_state()})

    def step(self, share: float) -> float:
        """Take one step at a rate that follows the clock; return how much time is spent."""
        phase = self.phase
        rate = cosine(share, phase.peak_lr, phase.last_lr)
        self.optimizer.param_groups[0]["lr"] = rate * min(1.0, (self.steps + 1) / 100)
        first = (self.steps * num_workers() + rank()) * phase.batch
        pictures = pictures_of(self.seed, first, phase.batch, phase.size_px, phase.crowd_share)
        with torch.autocast("cpu", torch.bfloat16):
            posterior = self.vae.encode(pictures).latent_dist
            spread = posterior.std + phase.noise * torch.rand(phase.batch, 1, 1, 1)
            latents = posterior.mean + spread * torch.randn_like(posterior.mean)
            decoded = self.vae.decode(latents).sample
        divergence = posterior.kl().mean() / posterior.mean[0].numel()
        loss = reconstruction_loss(decoded.float(), pictures) + KL_WEIGHT * divergence
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        share = average_gradients(self.parameters, self.progress.share)
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimizer.step()
        self.steps += 1
        error = (decoded.float() - pictures).abs().mean().item() * 127.5
        self.progress.step(loss=loss.item(), L1=error)
        return share

    def run(self) -> None:
        """Train until the time is up, with checkpoints on the way, and save the weights."""
        share, saved_at = self.progress.share, self.progress.spent_s
        while share < 1:
            share = self.step(share)
            if rank() == 0 and self.progress.spent_s - saved_at > SAVE_EVERY_S:
                saved_at = self.progress.spent_s
                self.save()
        if rank() == 0:
            torch.save(self.vae.state_dict(), self.save_to)
            self.checkpoint.unlink(missing_ok=True)


def train_phase(vae: Autoencoder, phase: Phase, seed: int, save: Path) -> None:
    """Train encoder and decoder together and save the weights; a phase that is over stays so."""
    if save.exists():
        vae.load_state_dict(torch.load(save, weights_only=True))
    else:
        AutoencoderTrainer(vae, phase, seed, save).run()


@torch.no_grad()
def whiten_on(vae: Autoencoder, seed: int, count: int) -> None:
    """Whiten the latents as measured on freshly drawn pictures."""
    batches = [
        vae.encode(pictures_of(seed, first, 32, 128)).latent_dist.mean
        for first in range(0, count, 32)
    ]
    whiten(vae, torch.cat(batches))


def tune_decoder(vae: Autoencoder, phase: Phase, seed: int, noise: float, save: Path) -> None:
    """Train the decoder alone on slightly noisy latents, as a denoiser will hand it.

    Args:
        vae: With whitened latents; its encoder stays as it is.
        phase: Length and rates.
        seed: Of the series of pictures.
        noise: Standard deviation of what is added to the latents.
        save: Where the weights go, now and then.
    """
    parameters = [*vae.decoder.parameters(), *vae.post_quant_conv.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=phase.peak_lr, betas=(0.9, 0.99))
    progress = Progress(phase.name, phase.seconds, folder=save.parent)
    drawn, saved_at = 0, time.monotonic()
    while not progress.is_over:
        optimizer.param_groups[0]["lr"] = cosine(progress.share, phase.peak_lr, phase.last_lr)
        pictures = pictures_of(seed, drawn, phase.batch, phase.size_px, phase.crowd_share)
        drawn += phase.batch
        with torch.autocast("cpu", torch.bfloat16):
            with torch.no_grad():
                latents = vae.encode(pictures).latent_dist.mean.float()
            level = noise * torch.rand(len(latents), 1, 1, 1)
            decoded = vae.decode(latents + level * torch.randn_like(latents)).sample
        loss = reconstruction_loss(decoded.float(), pictures)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        progress.step(L1=(decoded.float() - pictures).abs().mean().item() * 127.5)
        if time.monotonic() - saved_at > 120:
            torch.save(vae.state_dict(), save)
            saved_at = time.monotonic()
    torch.save(vae.state_dict(), save)


def load_autoencoder(path: Path) -> Autoencoder:
    """Load weights that a phase has saved."""
    vae = make_autoencoder()
    vae.load_state_dict(torch.load(path, weights_only=True))
    return vae
