"""Training the autoencoder: small pictures first, then full ones, then the decoder alone."""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from models.recipe.autoencoder import make_autoencoder, reconstruction_loss, whiten
from models.recipe.drawing import draw
from models.recipe.networks import Autoencoder
from models.recipe.parallel import average_gradients, num_workers, rank, share_start
from models.recipe.progress import Progress
from models.recipe.scenes import scene_of
from models.recipe.schedule import cosine

KL_WEIGHT = 1e-5


@dataclass(frozen=True)
class Phase:
    """One stretch of training; its learning rate follows one cosine over its seconds."""

    name: str
    size_px: int
    batch: int
    seconds: float
    peak_lr: float
    last_lr: float


def pictures_of(seed: int, first: int, count: int, size_px: int) -> Tensor:
    """Draw training pictures: (B, 3, H, W), from -1 to 1."""
    drawn = np.stack([draw(scene_of(seed, first + i), size_px) for i in range(count)])
    # The permuted view is already in the memory order that convolutions like best here.
    return torch.from_numpy(drawn).permute(0, 3, 1, 2).float() / 127.5 - 1


def train_phase(vae: Autoencoder, phase: Phase, seed: int, save: Path) -> None:
    """Train encoder and decoder together and save the weights."""
    share_start([vae])
    torch.manual_seed(seed + rank())
    vae.to(memory_format=torch.channels_last)
    parameters = list(vae.parameters())
    optimizer = torch.optim.AdamW(parameters, lr=phase.peak_lr, betas=(0.9, 0.99))
    progress = Progress(phase.name, phase.seconds, is_quiet=rank() > 0)
    share = 0.0
    while share < 1:
        rate = cosine(share, phase.peak_lr, phase.last_lr)
        optimizer.param_groups[0]["lr"] = rate * min(1.0, (progress.steps + 1) / 100)
        first = (progress.steps * num_workers() + rank()) * phase.batch
        pictures = pictures_of(seed, first, phase.batch, phase.size_px)
        with torch.autocast("cpu", torch.bfloat16):
            posterior = vae.encode(pictures).latent_dist
            noise = torch.randn_like(posterior.mean)
            decoded = vae.decode(posterior.mean + posterior.std * noise).sample
        divergence = posterior.kl().mean() / posterior.mean[0].numel()
        loss = reconstruction_loss(decoded.float(), pictures) + KL_WEIGHT * divergence
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        share = average_gradients(parameters, progress.share)
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        progress.step(L1=(decoded.float() - pictures).abs().mean().item() * 127.5)
    if rank() == 0:
        torch.save(vae.state_dict(), save)


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
    progress = Progress(phase.name, phase.seconds)
    drawn, saved_at = 0, time.monotonic()
    while not progress.is_over:
        optimizer.param_groups[0]["lr"] = cosine(progress.share, phase.peak_lr, phase.last_lr)
        pictures = pictures_of(seed, drawn, phase.batch, phase.size_px)
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
