"""`make bench`: measure, print, and keep the figures in `bench/results`."""

import argparse
import os
import time
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial

from bench.engine.measure_admission import measure_admission
from bench.engine.measure_exactness import measure_exactness
from bench.engine.measure_latency import measure_latency
from bench.engine.measure_memory import measure_memory
from bench.engine.measure_rate import measure_rate
from bench.engine.measure_step import measure_step
from bench.engine.measure_tuning import measure_tuning
from bench.engine.plan import Plan, full, quick
from bench.engine.shapes import SHAPES, make_subjects
from bench.report import Figure, show
from bench.service.measure_added_time import measure_added_time
from bench.service.measure_throughput import measure_throughput
from bench.service.measure_waiting import measure_waiting
from bench.service.peer import load_pipeline
from bench.write_docs import write_docs

ENGINE: dict[str, tuple[str, Callable[[Plan], Sequence[Figure]]]] = {
    "r3": ("R3 engine step over bare forward", measure_step),
    "r1": ("R1 pictures per second at saturation", measure_rate),
    "r5": ("R5 admission beside a long job", measure_admission),
    "r10": ("R10 exactness", measure_exactness),
    "r4": ("R4 latency against load", measure_latency),
    "r11": ("R11 memory", measure_memory),
}
# By hand: it compiles.
EXTRA: dict[str, tuple[str, Callable[[Plan], Sequence[Figure]]]] = {
    "tuning": ("tuning of the denoiser", measure_tuning),
}
SERVICE: dict[str, tuple[str, Callable[[object], Sequence[Figure]]]] = {
    "r2": ("R2 throughput of the durable service", measure_throughput),
    "r6": ("R6 time added by the service", measure_added_time),
    "waiting": ("waiting clients", measure_waiting),
}
GROUPS = {"engine": tuple(ENGINE), "service": tuple(SERVICE)}
WRITE_DOCS = "write-docs"


def main() -> None:
    """Run the benchmarks that are named, or all of them."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=main.__doc__)
    names = [*GROUPS, *ENGINE, *EXTRA, *SERVICE, WRITE_DOCS]
    parser.add_argument("names", nargs="*", choices=[*names, []], metavar="|".join(names))
    parser.add_argument("--quick", action="store_true", help="the engine in a quarter of an hour")
    parser.add_argument("--shape", choices=SHAPES, default="mini", help="the weights")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtype", nargs="*", help="float32 and bfloat16 unless it is a GPU")
    words = parser.parse_args()
    if words.names == [WRITE_DOCS]:
        write_docs()
        return
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    measures = _choose(words.names, partial(_make_plan, words))
    for title, conditions, measure in measures:
        begun_s = time.monotonic()
        figures = measure()
        show(title, figures, f"{conditions}, {time.monotonic() - begun_s:.0f} s")


def _choose(
    names: Sequence[str], make_plan: Callable[[], Plan]
) -> Iterator[tuple[str, str, Callable[[], Sequence[Figure]]]]:
    """Yield title, conditions and measurement; what they share is loaded when one needs it."""
    plan, pipeline = cache(make_plan), cache(load_pipeline)
    for name in [one for group in names or GROUPS for one in GROUPS.get(group, (group,))]:
        if name in ENGINE | EXTRA:
            title, measure = (ENGINE | EXTRA)[name]
            yield title, plan().subject.describe(), partial(measure, plan())
        else:
            title, measure_service = SERVICE[name]
            yield title, "mini on cpu", partial(measure_service, pipeline())


def _make_plan(words: argparse.Namespace) -> Plan:
    is_gpu = words.device != "cpu"
    dtypes = words.dtype or (["bfloat16"] if is_gpu else ["float32", "bfloat16"])
    return (quick if words.quick else full)(make_subjects(words.shape, words.device, dtypes))


if __name__ == "__main__":
    main()
