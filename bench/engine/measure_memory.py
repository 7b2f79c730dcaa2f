"""R11: what a process holds after many small requests and model switches, and after few."""

import gc
import json
import subprocess
import sys
from pathlib import Path

import psutil

from bench.engine.our_engine import MODEL, OurEngine, make_engine
from bench.engine.plan import Plan
from bench.engine.subject import Subject, import_torch
from bench.engine.workloads import NEVER_S, Ask
from bench.report import Figure, at_most, plain

FEW_REQUESTS, FEW_SWITCHES = 100, 2
SMALL_PX = 64
GOAL = 1.05
PATIENCE_S = 7200
ROOT = Path(__file__).parents[2]


def measure_memory(plan: Plan) -> list[Figure]:
    """Let a fresh process go through it, since ours has other memories."""
    command = [sys.executable, "-m", "bench.engine.measure_memory", plan.subject.dump()]
    counts = [str(plan.requests), str(plan.switches)]
    done = subprocess.run(
        [*command, *counts], cwd=ROOT, stdout=subprocess.PIPE, check=True, timeout=PATIENCE_S
    )
    early, late = json.loads(done.stdout.splitlines()[-1])
    few = f"{min(FEW_REQUESTS, plan.requests)} requests"
    return [
        plain(f"memory after {few}", "MiB", [early]),
        plain(f"after {plan.requests} and {plan.switches} switches", "MiB", [late]),
        at_most("late / early", "", [late / early], GOAL),
    ]


def main() -> None:
    """Go through it and print the memory early and late."""
    subject = Subject.parse(sys.argv[1])
    wanted = int(sys.argv[2]), int(sys.argv[3])
    few = min(FEW_REQUESTS, wanted[0]), min(FEW_SWITCHES, wanted[1])
    ours = make_engine(subject)
    readings = []
    for requests, switches in (few, (wanted[0] - few[0], wanted[1] - few[1])):
        _go_on(ours, subject, requests, switches)
        readings.append(_memory_mib(subject))
    print(json.dumps(readings))


def _go_on(ours: OurEngine, subject: Subject, requests: int, switches: int) -> None:
    """Run requests, with the model put away and loaded again in between."""
    asks = make_asks(subject, requests)
    for number in range(switches + 1):
        for ask in asks[number :: switches + 1]:
            while not ours.engine.free_slots:
                ours.engine.step()
            ours.admit(str(ask.seed), ask)
        while ours.engine.has_work:
            ours.engine.step()
        if number < switches:
            ours.engine.unload(MODEL)
            ours.engine.load(MODEL)


def make_asks(subject: Subject, count: int) -> list[Ask]:
    """Return asks of one step and the smallest size, no two of one prompt."""
    return [
        Ask(
            prompt=f"{number} red circles",
            seed=number,
            num_inference_steps=1,
            guidance_scale=2.5,
            scheduler=subject.schedulers[number % len(subject.schedulers)],
            width_px=SMALL_PX,
            height_px=SMALL_PX,
            expires_at_s=NEVER_S,
        )
        for number in range(count)
    ]


def _memory_mib(subject: Subject) -> float:
    """Return what the device holds for us: a CPU's process, or a GPU's tensors."""
    gc.collect()
    if subject.device == "cpu":
        return psutil.Process().memory_info().rss / 2**20
    allocated: int = import_torch(subject.device).cuda.memory_allocated()
    return allocated / 2**20


if __name__ == "__main__":
    main()
