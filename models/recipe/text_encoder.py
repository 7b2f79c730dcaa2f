"""The text encoder, taught to know what a caption says before any picture is drawn from it."""

import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from models.recipe.captions import caption
from models.recipe.labels import ATTRIBUTES, CLASS_COUNTS, labels_of
from models.recipe.progress import Progress
from models.recipe.scenes import sample_held_out, sample_training_scene
from models.recipe.schedule import cosine
from models.recipe.tokenizer import MAX_TOKENS, make_tokenizer

log = logging.getLogger(__name__)
WIDTH = 128
CHANGE_WEIGHT = 10.0


@dataclass(frozen=True)
class Taught:
    """An encoder that a U-Net has learned to read, and its tokenizer."""

    encoder: CLIPTextModel
    tokenizer: CLIPTokenizer


def make_text_encoder(tokenizer: CLIPTokenizer) -> CLIPTextModel:
    """Build a small CLIP text encoder for a vocabulary."""
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=WIDTH,
            intermediate_size=4 * WIDTH,
            projection_dim=WIDTH,
            num_hidden_layers=3,
            num_attention_heads=4,
            max_position_embeddings=MAX_TOKENS,
            hidden_act="quick_gelu",
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )


def tokens_of(tokenizer: CLIPTokenizer, captions: list[str]) -> Tensor:
    """Tokenize as Stable Diffusion's pipeline does: (B, 32), padded with the end token."""
    batch = tokenizer(
        captions,
        padding="max_length",
        max_length=MAX_TOKENS,
        truncation=True,
        return_tensors="pt",
    )
    tokens: Tensor = batch.input_ids
    return tokens


def label_loss(logits: Tensor, labels: Tensor, is_pad: Tensor) -> Tensor:
    """Ask every end and pad position for every attribute.

    Args:
        logits: Classes of all attributes side by side, (B, 32, sum of classes).
        labels: One class per attribute, (B, attributes).
        is_pad: Which positions answer, (B, 32).
    """
    count = is_pad.sum(1)
    wanted = labels.repeat_interleave(count, 0)  # (positions, attributes)
    parts = logits[is_pad].split(CLASS_COUNTS, 1)
    losses = [F.cross_entropy(part, wanted[:, i]) for i, part in enumerate(parts)]
    return torch.stack(losses).sum()


def said_batch(rng: np.random.Generator, count: int, *, held_out: bool) -> tuple[list[str], Tensor]:
    """Draw captions, and their labels, (B, attributes)."""
    sample = sample_held_out if held_out else sample_training_scene
    scenes = [sample(rng) for _ in range(count)]
    return [caption(one, rng) for one in scenes], torch.tensor([labels_of(one) for one in scenes])


@torch.no_grad()
def understood_share(
    encoder: CLIPTextModel, heads: nn.Linear, tokenizer: CLIPTokenizer, seed: int
) -> dict[str, float]:
    """Measure, on held-out captions, how often the last position knows each attribute."""
    words, labels = said_batch(np.random.default_rng(seed), 512, held_out=True)
    logits = heads(encoder(tokens_of(tokenizer, words)).last_hidden_state[:, -1])
    right = torch.stack([p.argmax(1) for p in logits.split(CLASS_COUNTS, 1)], 1) == labels
    shares = dict(zip(ATTRIBUTES, right.float().mean(0).tolist(), strict=True))
    return {**shares, "all": right.all(1).float().mean().item()}


def grown(old: Taught, tokenizer: CLIPTokenizer) -> CLIPTextModel:
    """Give an encoder the words of a larger vocabulary; the words it knows stay as they are."""
    encoder = make_text_encoder(tokenizer)
    state = dict(old.encoder.state_dict())
    (name,) = [name for name in state if name.endswith("token_embedding.weight")]
    rows = encoder.state_dict()[name].clone()
    known = old.tokenizer.get_vocab()
    for word, number in tokenizer.get_vocab().items():
        if word in known:
            rows[number] = state[name][known[word]]
    encoder.load_state_dict({**state, name: rows})
    return encoder


def change_loss(states: Tensor, words: list[str], old: Taught) -> Tensor:
    """Measure how far an encoder has moved from what a trained U-Net reads, on words of old.

    Args:
        states: What it says now, (B, 32, 128).
        words: The captions, B of them; those with a word new to the old encoder do not count.
        old: As the U-Net knows it.
    """
    vocabulary = old.tokenizer.get_vocab()
    familiar = [all(f"{word}</w>" in vocabulary for word in one.split()) for one in words]
    kept = torch.tensor(familiar)
    with torch.no_grad():
        before = old.encoder(tokens_of(old.tokenizer, words)).last_hidden_state
    change: Tensor = (states - before)[kept].square().mean() / before[kept].square().mean()
    return change


def train_text_encoder(
    seconds: float, seed: int, save: Path, batch: int = 64, old: Taught | None = None
) -> None:
    """Train the encoder with one linear head over all attributes, and save the encoder.

    Args:
        seconds: How long.
        seed: Of weights and captions.
        save: Where the weights go.
        batch: Captions a step.
        old: An encoder to start from and, for the words it knows, to stay with.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    tokenizer = make_tokenizer()
    encoder = grown(old, tokenizer) if old else make_text_encoder(tokenizer)
    heads = nn.Linear(WIDTH, sum(CLASS_COUNTS))
    parameters = [*encoder.parameters(), *heads.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=1e-3, betas=(0.9, 0.98), weight_decay=0.01)
    progress = Progress("text encoder", seconds, folder=save.parent)
    while not progress.is_over:
        rate = cosine(progress.share, 1.5e-3, 2e-5) * min(1.0, (progress.steps + 1) / 100)
        optimizer.param_groups[0]["lr"] = rate
        words, labels = said_batch(rng, batch, held_out=False)
        tokens = tokens_of(tokenizer, words)
        states = encoder(tokens).last_hidden_state
        loss = label_loss(heads(states), labels, tokens == tokenizer.pad_token_id)
        figures = {"loss": loss.item()}
        if old:
            change = change_loss(states, words, old)
            figures["change"] = change.item()
            loss = loss + CHANGE_WEIGHT * change
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        progress.step(**figures)
    log.info("understood: %s", understood_share(encoder, heads, tokenizer, seed + 1))
    torch.save({"encoder": encoder.state_dict(), "heads": heads.state_dict()}, save)
