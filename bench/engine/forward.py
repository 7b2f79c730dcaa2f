"""The bare denoiser: the very call that the diffusers pipeline makes, at any number of rows."""

import bisect
import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any

from bench.engine.subject import BarePipeline, import_torch
from bench.engine.workloads import Ask

ROWS = (1, 2, 4, 8, 16, 32)
REPEATS = 5


class _Seen(Exception):
    """Stops a pipeline at its first denoiser call."""


def capture_call(bare: BarePipeline, ask: Ask) -> tuple[Any, dict[str, Any]]:
    """Return the denoiser and the arguments that the pipeline gives it for one picture's ask."""
    pipeline = bare.pipeline
    denoiser = getattr(pipeline, "unet", None) or pipeline.transformer
    seen: dict[str, Any] = {}

    def look(_module: object, arguments: tuple[Any, ...], options: dict[str, Any]) -> None:
        names = ("sample", "timestep", "encoder_hidden_states")
        seen.update(dict(zip(names, arguments, strict=False)) | options)
        raise _Seen

    hook = denoiser.register_forward_pre_hook(look, with_kwargs=True)
    try:
        bare.paint([ask])
    except _Seen:
        pass
    finally:
        hook.remove()
    return denoiser, seen


def make_forward(bare: BarePipeline, ask: Ask, rows: int) -> Callable[[], object]:
    """Return one call of the denoiser on inputs that lie ready, each row with its own timestep."""
    torch = import_torch("")
    denoiser, seen = capture_call(bare, ask)
    inputs = _widen(seen, ask.rows, rows)
    timestep = torch.as_tensor(seen["timestep"], device=bare.pipeline.device)
    inputs["timestep"] = timestep.reshape(-1)[:1].expand(rows).contiguous()

    def forward() -> object:
        with torch.inference_mode():
            return denoiser(**inputs)

    return forward


def _widen(seen: Mapping[str, Any], had: int, rows: int) -> dict[str, Any]:
    """Repeat every tensor that has one entry per row."""

    def widen(value: Any) -> Any:  # noqa: ANN401 - whatever a denoiser takes
        if isinstance(value, dict):
            return {name: widen(one) for name, one in value.items()}
        if hasattr(value, "shape") and value.ndim > 1 and len(value) == had:
            return value[-1:].expand(rows, *value.shape[1:]).contiguous()
        return value

    return {name: widen(value) for name, value in seen.items()}


class ForwardTimes:
    """t(B) of one size; between the measured numbers of rows it is a line."""

    def __init__(self, bare: BarePipeline, ask: Ask) -> None:
        self.ms: dict[int, list[float]] = {}
        for rows in ROWS:
            forward = make_forward(bare, ask, rows)
            forward()
            self.ms[rows] = [elapsed_ms(forward, bare.pipeline.device) for _ in range(REPEATS)]

    def of(self, rows: int) -> float:
        """Return the milliseconds of one forward of so many rows."""
        known = sorted(self.ms)
        at = min(max(bisect.bisect_left(known, rows), 1), len(known) - 1)
        low, high = known[at - 1], known[at]
        low_ms, high_ms = (statistics.median(self.ms[one]) for one in (low, high))
        return low_ms + (high_ms - low_ms) * (rows - low) / (high - low)


def elapsed_ms(work: Callable[[], object], device: Any) -> float:  # noqa: ANN401
    """Time a call: on a GPU by the wall, on a CPU by its own seconds, which nobody else takes."""
    if device.type == "cpu":
        begun_s = time.process_time()
        work()
        return (time.process_time() - begun_s) * 1000
    torch = import_torch("")
    torch.cuda.synchronize(device)
    begun_s = time.perf_counter()
    work()
    torch.cuda.synchronize(device)
    return (time.perf_counter() - begun_s) * 1000
