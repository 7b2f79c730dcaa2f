"""Learning rates."""

import math


def cosine(share: float, peak: float, last: float) -> float:
    """Fall from `peak` to `last` along half a cosine while `share` goes from 0 to 1."""
    return last + (peak - last) * (1 + math.cos(math.pi * min(share, 1.0))) / 2
