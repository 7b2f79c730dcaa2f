"""A repainted picture laid into the one it came from, which stays as it was around the mask."""

import numpy as np
import numpy.typing as npt
import torch

FEATHER_PX = 4
HALF = 128  # as diffusers rounds a grey mask


def is_painted(mask: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Say of each pixel of a mask (H, W) whether it is repainted."""
    return mask >= HALF


def composite(
    painted: npt.NDArray[np.uint8], original: npt.NDArray[np.uint8], mask: npt.NDArray[np.uint8]
) -> npt.NDArray[np.uint8]:
    """Lay what was painted inside the mask over the original, fading in from the mask's edge.

    Args:
        painted: (H, W, 3).
        original: (H, W, 3); outside the mask it comes back to the byte.
        mask: (H, W).
    """
    share = _fade_in(mask)[..., None]
    mixed = original + share * (painted.astype(np.float32) - original)
    return np.rint(mixed).astype(np.uint8)


def _fade_in(mask: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Return 0 outside, rising over `FEATHER_PX` pixels to 1; the picture's edge is no edge."""
    outside = torch.from_numpy(~is_painted(mask)).float()[None]
    share = 1 - outside
    for _ in range(FEATHER_PX):
        outside = torch.nn.functional.max_pool2d(outside, kernel_size=3, stride=1, padding=1)
        share = share + 1 - outside
    return np.asarray((share / (FEATHER_PX + 1))[0].numpy())
