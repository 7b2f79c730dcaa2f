"""Prompts as the denoiser reads them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch

from worker.engine.guidance import is_guided


@dataclass(frozen=True, slots=True)
class EncodedText:
    """One text through a model's encoders; it depends on nothing else, so it can be kept.

    Attributes:
        tensors: What the encoders made of it, each (1, ...).
        cut: The end of the text that the encoders had no room for.
        is_empty: There was no text; some families keep nothing out then.
    """

    tensors: Mapping[str, torch.Tensor]
    cut: str
    is_empty: bool = False


@dataclass(frozen=True, slots=True)
class Conditioning:
    """What the denoiser is told beside latents and timesteps.

    Attributes:
        rows: The denoiser's inputs by name, each (R, ...): R is 2 with guidance, the negative
            prompt first, else 1.
        guidance_scale: Weight of classifier-free guidance; 1 where nothing is guided.
    """

    rows: Mapping[str, torch.Tensor]
    guidance_scale: float

    @property
    def num_rows(self) -> int:
        """Rows that one image takes in a forward pass."""
        return len(next(iter(self.rows.values())))

    @property
    def is_guided(self) -> bool:
        """Whether the negative prompt takes a row of the forward pass too."""
        return is_guided(self.guidance_scale)

    @property
    def shape(self) -> tuple[tuple[int, ...], ...]:
        """Shapes that must be equal among those who share a forward pass."""
        return tuple(tuple(tensor.shape[1:]) for _, tensor in sorted(self.rows.items()))


def lean(text: EncodedText, other: EncodedText, share: float) -> EncodedText:
    """Return what lies between two texts, on a straight line; `share` 0 is the first one.

    Raises:
        ValueError: They are not encoded alike.
    """
    if any(text.tensors[name].shape != other.tensors[name].shape for name in text.tensors):
        raise ValueError("between two prompts of unequal encoded length there is nothing")
    between = {
        name: torch.lerp(tensor, other.tensors[name], share)
        for name, tensor in text.tensors.items()
    }
    return replace(text, tensors=between, cut=text.cut or other.cut)


def list_cuts(
    prompt: EncodedText, negative_prompt: EncodedText, conditioning: Conditioning
) -> tuple[str, ...]:
    """Return warnings, `slug: detail`, of what the encoders had no room for and would have read."""
    texts = {"prompt": prompt}
    if conditioning.is_guided:
        texts["negative-prompt"] = negative_prompt
    return tuple(f"{name}-truncated: {text.cut}" for name, text in texts.items() if text.cut)
