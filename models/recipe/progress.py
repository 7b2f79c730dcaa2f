"""One line now and then: how far a phase is, how fast, and how its figures stand."""

import json
import logging
import time
from pathlib import Path

log = logging.getLogger(__name__)
TELL_EVERY_S = 15.0
CURVES = "curves.jsonl"


class Progress:
    """The clock of one phase that lasts a given time; `spent_s` counts earlier runs of it.

    What it tells is also kept, one JSON object a line, in `curves.jsonl` of the folder.
    """

    def __init__(
        self,
        name: str,
        seconds: float,
        spent_s: float = 0.0,
        *,
        folder: Path | None = None,
        is_quiet: bool = False,
    ) -> None:
        self.name = name
        self.folder = folder
        self.seconds = seconds
        self.steps = 0
        self.is_quiet = is_quiet
        self.started_at = time.monotonic() - spent_s
        self.told_at = time.monotonic()
        self.told_steps = 0
        self.figures: dict[str, float] = {}

    @property
    def spent_s(self) -> float:
        """Seconds spent, earlier runs included."""
        return time.monotonic() - self.started_at

    @property
    def share(self) -> float:
        """Share of the time that is spent; above 1 when it is over."""
        return self.spent_s / self.seconds

    @property
    def is_over(self) -> bool:
        """Whether the time is up."""
        return self.spent_s >= self.seconds

    def step(self, **figures: float) -> None:
        """Count one step; figures are smoothed over the last fifty or so."""
        self.steps += 1
        for name, value in figures.items():
            self.figures[name] = 0.98 * self.figures.get(name, value) + 0.02 * value
        passed = time.monotonic() - self.told_at
        if not self.is_quiet and (passed >= TELL_EVERY_S or self.is_over):
            self.tell(passed)

    def tell(self, passed: float) -> None:
        """Write one line to the log."""
        speed = (self.steps - self.told_steps) / max(passed, 1e-6)
        figures = " ".join(f"{name} {value:.4g}" for name, value in self.figures.items())
        left = max(0.0, self.seconds - self.spent_s)
        log.info(
            "%s: step %d, %.2f a second, %.0f s left, %s",
            self.name,
            self.steps,
            speed,
            left,
            figures,
        )
        if self.folder:
            point = {"phase": self.name, "spent_s": round(self.spent_s), "step": self.steps}
            with (self.folder / CURVES).open("a") as file:
                file.write(json.dumps({**point, **self.figures}) + "\n")
        self.told_at, self.told_steps = time.monotonic(), self.steps
