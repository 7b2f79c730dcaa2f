"""P0: what the bare pipeline takes for a picture, alone and in static batches; no side is faster.

A picture costs what its steps cost, and once its prompt and its decoding: two lengths tell both.
"""

import dataclasses
import statistics

from bench.engine.forward import elapsed_ms
from bench.engine.subject import BarePipeline
from bench.engine.workloads import Ask, Workload

FEW_STEPS, MORE_STEPS = 2, 8
REPEATS = 3
BATCHES = (1, 4, 8, 16)


class SerialCost:
    """Seconds of bare pipeline by ask, measured once for each number of rows and size."""

    def __init__(self, pipeline: BarePipeline) -> None:
        self._pipeline = pipeline
        self._lines: dict[tuple[int, int, int], tuple[float, float]] = {}

    def of(self, ask: Ask, batch: int = 1) -> float:
        """Return the seconds that a picture takes in a call for `batch` pictures like it."""
        key = (ask.rows, ask.width_px, batch)
        if key not in self._lines:
            self._lines[key] = self._measure(ask, batch)
        once_s, step_s = self._lines[key]
        return (once_s + step_s * ask.num_inference_steps) / batch

    def mean(self, workload: Workload, batch: int = 1) -> float:
        """Return the mean over a workload."""
        return statistics.fmean(self.of(ask, batch) for ask in workload.some(500, seed=0))

    def best_batch(self, workload: Workload) -> tuple[int, float]:
        """Return the static batch that takes the least per picture, and what it takes."""
        means = {batch: self.mean(workload, batch) for batch in BATCHES}
        best = min(means, key=lambda batch: means[batch])
        return best, means[best]

    def _measure(self, ask: Ask, batch: int) -> tuple[float, float]:
        few = [dataclasses.replace(ask, num_inference_steps=FEW_STEPS)] * batch
        more = [dataclasses.replace(ask, num_inference_steps=MORE_STEPS)] * batch
        self._pipeline.paint(few)
        pairs = [(self._elapsed_s(few), self._elapsed_s(more)) for _ in range(REPEATS)]
        few_s = statistics.median(pair[0] for pair in pairs)
        more_s = statistics.median(pair[1] for pair in pairs)
        step_s = (more_s - few_s) / (MORE_STEPS - FEW_STEPS)
        return max(few_s - FEW_STEPS * step_s, 0.0), step_s

    def _elapsed_s(self, asks: list[Ask]) -> float:
        device = self._pipeline.pipeline.device
        return elapsed_ms(lambda: self._pipeline.paint(asks), device) / 1000
