"""What a generation costs, in integer pixel-steps."""

from math import ceil

PIXEL_STEPS_PER_UNIT = 1_000_000
UNIT = "megapixel-step"


def price_of(pixel_steps: int, factor: float) -> int:
    """Return pixel-steps times the model's factor, rounded up."""
    return ceil(pixel_steps * factor)
