"""`make bench`: measure, print, and keep the figures in `bench/results`."""

import argparse

from bench.engine.measure_step import measure_step
from bench.report import show
from bench.service.measure_added_time import measure_added_time
from bench.service.measure_throughput import measure_throughput
from bench.service.measure_waiting import measure_waiting
from bench.service.peer import load_pipeline

BENCHES = {
    "r2": ("R2 throughput of the durable service", measure_throughput),
    "r3": ("R3 engine step over bare forward", measure_step),
    "r6": ("R6 time added by the service", measure_added_time),
    "waiting": ("waiting clients", measure_waiting),
}


def main() -> None:
    """Run the benchmarks that are named, or all of them."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=main.__doc__)
    parser.add_argument("names", nargs="*", choices=[*BENCHES, []], metavar="|".join(BENCHES))
    names = parser.parse_args().names or list(BENCHES)
    pipeline = load_pipeline()
    for name in names:
        title, measure = BENCHES[name]
        show(title, measure(pipeline))


if __name__ == "__main__":
    main()
