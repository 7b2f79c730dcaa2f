"""Training the denoiser; a run that stops goes on where its last checkpoint was."""

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from models.recipe.captions import caption
from models.recipe.checkpoint import find_checkpoint, save_checkpoint
from models.recipe.denoiser import make_scheduler, make_unet, noise_levels, velocity_loss
from models.recipe.latents import LatentSet
from models.recipe.parallel import average_gradients, claim_pieces, rank, share_start
from models.recipe.progress import Progress
from models.recipe.schedule import cosine
from models.recipe.text_encoder import make_text_encoder, tokens_of
from models.recipe.tokenizer import make_tokenizer

log = logging.getLogger(__name__)
EMPTY_SHARE = 0.1
WARMUP_STEPS = 200
Weights = dict[str, Tensor]


@dataclass(frozen=True)
class Plan:
    """How long and how fast; a step learns from `pieces` times `batch` pictures."""

    seconds: float
    seed: int
    batch: int = 12
    pieces: int = 4
    peak_lr: float = 1e-3
    last_lr: float = 1e-5
    text_rate: float = 0.25
    ema_decay: float = 0.999
    save_every_s: float = 150


class Denoiser(nn.Module):
    """U-Net and text encoder, which learn together."""

    def __init__(self) -> None:
        super().__init__()
        self.tokenizer = make_tokenizer()
        self.unet = make_unet()
        self.text_encoder = make_text_encoder(self.tokenizer)

    def forward(self, noisy: Tensor, times: Tensor, tokens: Tensor) -> Tensor:
        """Predict the velocity: (B, 4, 16, 16), like `noisy`; `tokens` is (B, 32)."""
        states = self.text_encoder(tokens).last_hidden_state
        predicted: Tensor = self.unet(noisy, times, encoder_hidden_states=states).sample
        return predicted


class Trainer:
    """One run: networks, their averages, the optimizer, and the clock."""

    def __init__(
        self, plan: Plan, folder: Path, latents_folder: Path, start: Weights | None
    ) -> None:
        torch.manual_seed(plan.seed)
        self.plan = plan
        self.path = folder / "unet.pt"
        self.data = LatentSet(latents_folder)
        self.net, self.ema = Denoiser(), Denoiser().requires_grad_(requires_grad=False)
        self.parameters: list[Tensor] = list(self.net.parameters())
        groups = [
            {"params": list(self.net.unet.parameters()), "rate": 1.0},
            {"params": list(self.net.text_encoder.parameters()), "rate": plan.text_rate},
        ]
        self.optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.98), weight_decay=0.01, fused=True)
        self.scheduler = make_scheduler()
        self.first_piece = 0
        spent_s = self.load(folder / "text_encoder.pt", start)
        share_start([self.net, self.ema])
        self.progress = Progress("unet", plan.seconds, spent_s, folder=folder, is_quiet=rank() > 0)
        self.steps = self.first_piece // plan.pieces

    def load(self, text_encoder_path: Path, start: Weights | None) -> float:
        """Go on from the checkpoint, or start from the supervised text encoder."""
        if saved := find_checkpoint(self.path):
            self.net.load_state_dict(saved["net"])
            self.ema.load_state_dict(saved["ema"])
            self.optimizer.load_state_dict(saved["optimizer"])
            self.first_piece = int(saved["steps"]) * self.plan.pieces
            return float(saved["spent_s"])
        saved = torch.load(text_encoder_path, weights_only=True)
        self.net.text_encoder.load_state_dict(saved["encoder"])
        if start:
            self.net.unet.load_state_dict(start)
        self.ema.load_state_dict(self.net.state_dict())
        return 0.0

    def save(self) -> None:
        """Write a checkpoint."""
        states = {name: getattr(self, name).state_dict() for name in ("net", "ema", "optimizer")}
        figures = {"steps": self.steps, "spent_s": self.progress.spent_s}
        save_checkpoint(self.path, {**states, **figures})

    def piece_loss(self, piece: int) -> Tensor:
        """Learn from one piece; its number alone decides its pictures, words and noise."""
        rng = np.random.default_rng((self.plan.seed, piece))
        torch.manual_seed(int(rng.integers(2**62)))
        latents, scenes = self.data.at(self.data.pick(rng, self.plan.batch))
        words = ["" if rng.random() < EMPTY_SHARE else caption(one, rng) for one in scenes]
        times = noise_levels(self.plan.batch)
        noise = torch.randn_like(latents)
        noisy = self.scheduler.add_noise(latents, noise, times)
        velocity = self.scheduler.get_velocity(latents, noise, times)
        # On a processor the fused attention takes a third of all time at lengths as short as ours.
        with torch.autocast("cpu", torch.bfloat16), sdpa_kernel(SDPBackend.MATH):
            predicted = self.net(noisy, times, tokens_of(self.net.tokenizer, words))
        signal = self.scheduler.alphas_cumprod[times]
        return velocity_loss(predicted.float(), velocity, signal)

    def step(self, share: float) -> float:
        """Take one step at a rate that follows the clock; return how much time is spent."""
        plan = self.plan
        rate = cosine(share, plan.peak_lr, plan.last_lr)
        rate *= min(1.0, (self.steps + 1) / WARMUP_STEPS)
        for group in self.optimizer.param_groups:
            group["lr"] = rate * group["rate"]
        self.optimizer.zero_grad(set_to_none=True)
        started = self.steps - self.first_piece // plan.pieces
        losses = []
        for piece in claim_pieces(started, plan.pieces):
            loss = self.piece_loss(self.first_piece + piece)
            loss.backward()
            losses.append(loss.item())
        share = average_gradients(self.parameters, self.progress.share, plan.pieces)
        norm = nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimizer.step()
        self.average()
        self.steps += 1
        figures = {"loss": float(np.mean(losses))} if losses else {}
        self.progress.step(**figures, norm=float(norm), steps=self.steps)
        return share

    @torch.no_grad()
    def average(self) -> None:
        """Move the averages; early on faster, since they would lag behind."""
        decay = min(self.plan.ema_decay, (1 + self.steps) / (10 + self.steps))
        averages: list[Tensor] = list(self.ema.parameters())
        torch._foreach_lerp_(averages, self.parameters, 1 - decay)

    def run(self) -> None:
        """Train until the time is up, with checkpoints on the way."""
        share, saved_at = self.progress.share, self.progress.spent_s
        while share < 1:
            share = self.step(share)
            if self.progress.spent_s - saved_at > self.plan.save_every_s:
                saved_at = self.progress.spent_s
                self.data.refresh()
                if rank() == 0:
                    self.save()
        if rank() == 0:
            self.save()


def train_unet(
    plan: Plan, folder: Path, latents_folder: Path, start: Weights | None = None
) -> None:
    """Train in this process, which may be one of several; from the weights `start` if given."""
    Trainer(plan, folder, latents_folder, start).run()
