"""What a generation costs, in integer pixel-steps."""

from math import ceil

PIXEL_STEPS_PER_UNIT = 1_000_000
UNIT = "megapixel-step"


def pixel_steps(width_px: int, height_px: int, steps: int, num_images: int, factor: float) -> int:
    """Return width by height by steps by images by the model's factor, rounded up."""
    return ceil(width_px * height_px * steps * num_images * factor)
