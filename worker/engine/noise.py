"""All that is random in one image."""

from collections.abc import Callable

import torch

from worker.engine.latents import seeded_generator
from worker.engine.request import Variation
from worker.engine.slerp import slerp


class ImageNoise:
    """The draws of an image's seed, each turned towards the same draw of its variation's seed.

    So a variation of strength 0 is the seed's own image, and one of strength 1 begins as the
    variation's.

    Attributes:
        generator: The seed's own; what is random in later steps goes on drawing from it.
    """

    def __init__(self, seed: int, variation: Variation | None) -> None:
        self.generator = seeded_generator(seed)
        self._variation = variation
        self._other = seeded_generator(variation.seed) if variation else None

    def draw(self, draw: Callable[[torch.Generator], torch.Tensor]) -> torch.Tensor:
        """Return what `draw` makes of the seed, (1, C, H/8, W/8), as far as the variation says."""
        drawn = draw(self.generator)
        if self._variation is None or self._other is None:
            return drawn
        return slerp(drawn, draw(self._other), self._variation.strength)
