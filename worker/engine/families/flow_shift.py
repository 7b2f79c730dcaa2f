"""How far the noise of a flow model is shifted for the size of a picture."""

from collections.abc import Mapping
from typing import Any


def flow_shift(config: Mapping[str, Any], num_patches: int, *, max_shift: float) -> float:
    """Return what flow schedulers call mu, linear in the number of patches.

    Args:
        config: The model's scheduler configuration.
        num_patches: Of the picture.
        max_shift: What the family's pipeline takes where the configuration says nothing.

    Source: Esser et al. 2024, arXiv:2403.03206, section 5.3.2, as diffusers' `calculate_shift`.
    """
    base_patches = config.get("base_image_seq_len", 256)
    max_patches = config.get("max_image_seq_len", 4096)
    base_shift = config.get("base_shift", 0.5)
    slope = (config.get("max_shift", max_shift) - base_shift) / (max_patches - base_patches)
    shift: float = num_patches * slope + (base_shift - slope * base_patches)
    return shift
