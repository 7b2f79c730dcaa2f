"""How far the noise of a flow model is shifted for the size of a picture."""

from collections.abc import Mapping
from typing import Any


def flow_shift(config: Mapping[str, Any], num_patches: int) -> float:
    """Return what flow schedulers call mu, linear in the number of patches.

    Args:
        config: The model's scheduler configuration.
        num_patches: Of the picture.

    Source: Esser et al. 2024, arXiv:2403.03206, section 5.3.2, as diffusers' `calculate_shift`.
    """
    low, high = config["base_image_seq_len"], config["max_image_seq_len"]
    slope = (config["max_shift"] - config["base_shift"]) / (high - low)
    return float(num_patches * slope + (config["base_shift"] - slope * low))
