"""Where an image begins: noise that depends on its seed alone."""

import math

import torch

MIN_SIGNAL = 1e-3  # where nothing but noise is left, there is nothing to divide out


def seeded_generator(seed: int) -> torch.Generator:
    """Return the source of all that is random in one image, on the CPU: the same everywhere.

    Args:
        seed: 0 to 2^63 - 1. Torch's CPU generator uses its low 32 bits.
    """
    return torch.Generator("cpu").manual_seed(seed)


def draw_noise(
    generator: torch.Generator, shape: tuple[int, ...], dtype: torch.dtype
) -> torch.Tensor:
    """Draw the noise of one image, (1, C, H/8, W/8).

    Args:
        generator: The image's own.
        shape: (C, H/8, W/8).
        dtype: The model's own, as diffusers draws it.
    """
    return torch.randn((1, *shape), generator=generator, dtype=dtype)


def clean_latents(
    noisy: torch.Tensor, noise_pred: torch.Tensor, alpha_cumprod: float, prediction_type: str
) -> torch.Tensor:
    """Remove the predicted noise from latents, all (B, C, H/8, W/8).

    Args:
        noisy: As the denoiser saw them, of variance 1.
        noise_pred: What it predicted, guided.
        alpha_cumprod: Share of the picture in the variance of `noisy`.
        prediction_type: `epsilon`, `v_prediction` or `sample`.

    Raises:
        ValueError: Another prediction type.

    Source: Salimans and Ho 2022, arXiv:2202.00512, appendix D.
    """
    signal, noise = math.sqrt(alpha_cumprod), math.sqrt(1 - alpha_cumprod)
    if prediction_type == "epsilon":
        return (noisy - noise * noise_pred) / max(signal, MIN_SIGNAL)
    if prediction_type == "v_prediction":
        return signal * noisy - noise * noise_pred
    if prediction_type == "sample":
        return noise_pred
    raise ValueError(f"no prediction type {prediction_type!r}")


def clean_flow_latents(noisy: torch.Tensor, velocity: torch.Tensor, sigma: float) -> torch.Tensor:
    """Go back along a flow to the picture, all (B, C, H/8, W/8).

    Args:
        noisy: `1 - sigma` of the picture and `sigma` of the noise.
        velocity: Predicted, guided: from the picture to the noise.
        sigma: 0 to 1.

    Source: Esser et al. 2024, arXiv:2403.03206, equation 13.
    """
    return noisy - sigma * velocity
