"""What is asked for: four mixes of requests, and when they arrive."""

import itertools
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

NEVER_S = 1e12
STEPS = 20
GUIDANCE_SCALE = 2.5
MIXED_STEPS = (4, 8, 20, 50)
MIXED_GUIDANCE = (1.0, 2.5, 4.0, 6.0)
# Shares of the model's own size, and how often each is asked for.
MIXED_SIZES = {0.5: 0.15, 0.75: 0.25, 1.0: 0.45, 1.5: 0.15}
PROMPTS = (
    "a red circle left of a blue square on a yellow background",
    "a green triangle",
    "a small house under a big sun",
    "two purple stars above a white circle on a black background",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One picture, asked of any side.

    Attributes:
        expires_at_s: On the machine's monotonic clock; what is not done by then is dropped.
    """

    prompt: str
    seed: int
    num_inference_steps: int
    guidance_scale: float
    scheduler: str
    width_px: int
    height_px: int
    expires_at_s: float

    @property
    def rows(self) -> int:
        """Rows of a forward pass that it takes."""
        return 2 if self.guidance_scale > 1 else 1

    @property
    def kind(self) -> tuple[object, ...]:
        """What pictures of one call of a pipeline must have in common."""
        return (
            self.num_inference_steps,
            self.guidance_scale,
            self.scheduler,
            self.width_px,
            self.height_px,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """A mix: each ask draws one of each, by weight."""

    name: str
    steps: Sequence[int]
    guidance_scales: Sequence[float]
    schedulers: Sequence[str]
    sizes: dict[float, float]
    base_px: int

    def draw(self, seed: int) -> Iterator[Ask]:
        """Draw asks without end; the same seed draws the same ones for every side."""
        generator = random.Random(seed)
        shares, weights = list(self.sizes), list(self.sizes.values())
        for number in itertools.count():
            size_px = round(self.base_px * generator.choices(shares, weights)[0])
            yield Ask(
                # No two alike, so that nobody gains by remembering.
                prompt=f"{generator.choice(PROMPTS)} {number}",
                seed=number,
                num_inference_steps=generator.choice(self.steps),
                guidance_scale=generator.choice(self.guidance_scales),
                scheduler=generator.choice(self.schedulers),
                width_px=size_px,
                height_px=size_px,
                expires_at_s=NEVER_S,
            )

    def some(self, count: int, seed: int) -> list[Ask]:
        """Draw so many."""
        return list(itertools.islice(self.draw(seed), count))


def make_workloads(base_px: int, schedulers: Sequence[str]) -> dict[str, Workload]:
    """Return W1 all alike, W2 mixed steps, W3 mixed guidance and scheduler, W4 mixed sizes.

    The first scheduler is the one of W1, W2 and W4.
    """
    alike = Workload(
        name="W1",
        steps=(STEPS,),
        guidance_scales=(GUIDANCE_SCALE,),
        schedulers=schedulers[:1],
        sizes={1.0: 1.0},
        base_px=base_px,
    )
    mixes: list[dict[str, object]] = [
        {"name": "W1"},
        {"name": "W2", "steps": MIXED_STEPS},
        {"name": "W3", "guidance_scales": MIXED_GUIDANCE, "schedulers": schedulers},
        {"name": "W4", "sizes": MIXED_SIZES},
    ]
    fields = {name: getattr(alike, name) for name in Workload.__slots__}
    made = [Workload(**(fields | mix)) for mix in mixes]
    return {workload.name: workload for workload in made}


def poisson(rate_per_s: float, duration_s: float, seed: int) -> list[float]:
    """Return the times of arrivals that know nothing of each other."""
    generator = random.Random(seed)
    times_s: list[float] = []
    at_s = generator.expovariate(rate_per_s)
    while at_s < duration_s:
        times_s.append(at_s)
        at_s += generator.expovariate(rate_per_s)
    return times_s
