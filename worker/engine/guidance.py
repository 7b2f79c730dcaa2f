"""Classifier-free guidance."""

import torch


def is_guided(guidance_scale: float) -> bool:
    """Whether the negative prompt takes a row of the forward pass too."""
    return guidance_scale > 1


def guide(noise_pred: torch.Tensor, guidance_scale: float) -> torch.Tensor:
    """Push the prediction away from the negative prompt's.

    Args:
        noise_pred: (2, C, H/8, W/8), negative prompt first; or (1, C, H/8, W/8), returned as it is.
        guidance_scale: 1 is off.

    Returns:
        (1, C, H/8, W/8).

    Source: Ho and Salimans 2022, arXiv:2207.12598, equation 6, with w = guidance_scale - 1.
    """
    if not is_guided(guidance_scale):
        return noise_pred
    uncond, cond = noise_pred.chunk(2)
    return uncond + guidance_scale * (cond - uncond)
