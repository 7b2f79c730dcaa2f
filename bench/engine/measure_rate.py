"""R1: pictures per second at saturation, ours beside each peer, and the gain that t(B) predicts."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from bench.engine.cost import SerialCost
from bench.engine.drive import Outcome, saturate, work_rate
from bench.engine.forward import ForwardTimes
from bench.engine.plan import Plan
from bench.engine.sides.running import Side, Tick, is_litserve_there, running_side
from bench.engine.subject import BarePipeline, Subject
from bench.engine.workloads import Workload, make_workloads
from bench.report import Figure, at_least, plain

# LitServe was fastest so among batches of 8, 16 and 32 and waits of 20 and 200 ms.
LITSERVE = {"max_batch_size": 32, "batch_timeout_s": 0.2}
SIDES: dict[str, tuple[str, dict[str, object]]] = {
    "P1": ("locked", {}),
    "P2": ("litserved", dict(LITSERVE)),
    "P3": ("batching", {"batch_limit": 1}),
    "ours": ("batching", {}),
}
# By device, number format and workload: at least so much of P1, P2, P3.
GOALS = {
    ("cpu", "float32"): {"P1": 1.25, "P2": 1.2, "P3": 1.2},
    ("cpu", "bfloat16"): {"P1": 1.6, "P2": 1.3, "P3": 1.6},
    ("cuda", "bfloat16"): {"P1": 3.0, "P2": 2.0, "P3": 2.0},
}
W1_GOAL = {"P2": 0.95}
MIXED = ("W2", "W3")


def measure_rate(plan: Plan) -> list[Figure]:
    """Let all sides take turns at each workload, in each number format."""
    return [figure for subject in plan.subjects for figure in _measure(plan, subject)]


def _measure(plan: Plan, subject: Subject) -> list[Figure]:
    bare = BarePipeline(subject)
    cost = SerialCost(bare)
    workloads = make_workloads(subject.base_px, subject.schedulers)
    times = Times(bare, subject)
    figures = [
        plain(f"{subject.dtype}: t({rows}), bare forward", "ms", values)
        for rows, values in times.of(subject.base_px).ms.items()
    ]
    with contextlib.ExitStack() as stack:
        sides = [stack.enter_context(side) for side in _start(plan, subject)]
        for side in sides:
            side.wait_until_ready()
        for name in plan.rate_workloads:
            figures += _compare(plan, subject, sides, workloads[name], cost, times)
    return figures


class Times:
    """t(B) of every size that comes up."""

    def __init__(self, bare: BarePipeline, subject: Subject) -> None:
        self._bare = bare
        self._subject = subject
        self._sizes: dict[int, ForwardTimes] = {}

    def of(self, size_px: int) -> ForwardTimes:
        """Return t(B) of one size, measured at its first use."""
        if size_px not in self._sizes:
            alike = make_workloads(size_px, self._subject.schedulers)["W1"]
            self._sizes[size_px] = ForwardTimes(self._bare, alike.some(1, seed=0)[0])
        return self._sizes[size_px]

    def gain(self, ticks: list[Tick]) -> float:
        """Return the time of the forwards one by one over that of the forwards shared."""
        alone_ms = shared_ms = 0.0
        for size_px, singles, pairs, count in ticks:
            times = self.of(size_px)
            alone_ms += count * (singles * times.of(1) + pairs * times.of(2))
            shared_ms += count * times.of(singles + 2 * pairs)
        return alone_ms / shared_ms


def _start(plan: Plan, subject: Subject) -> Iterator[contextlib.AbstractContextManager[Side]]:
    for name in plan.sides:
        module, options = SIDES[name]
        if name != "P2" or is_litserve_there():
            yield running_side(name, module, subject, options)


def _compare(
    plan: Plan,
    subject: Subject,
    sides: list[Side],
    workload: Workload,
    cost: SerialCost,
    times: Times,
) -> list[Figure]:
    title = f"{subject.dtype} {workload.name}"
    mean_s = cost.mean(workload)
    batch, batch_s = cost.best_batch(workload)
    taking_part = plan.alike_sides if workload.name == "W1" else plan.sides
    rates: dict[str, list[float]] = {}
    thrifts: dict[str, list[float]] = {}
    predicted = []
    for side, round_ in _turns(plan, [side for side in sides if side.name in taking_part]):
        window = (plan.warm_s, plan.window_s if round_ >= 0 else 0.1)
        turn = _take_turn(side, plan, workload, round_, window)
        if round_ >= 0:
            rate = work_rate(turn.outcomes, turn.counted, cost.of) / mean_s
            rates.setdefault(side.name, []).append(rate)
            done_s = sum(one.share * cost.of(one.ask) for one in turn.outcomes)
            thrifts.setdefault(side.name, []).append(done_s / turn.processor_s / mean_s)
            predicted += [times.gain(turn.ticks)] if turn.ticks and side.name == "ours" else []
    goals = _goals(subject, workload)
    return [
        plain(f"{title}: P0, the bare pipeline in a loop", "per s", [1 / mean_s]),
        plain(f"{title}: P0 at its best static batch, {batch}", "per s", [1 / batch_s]),
        *(plain(f"{title}: {name}", "per s", values) for name, values in rates.items()),
        plain(f"{title}: predicted of ours / P0 in a loop", "", predicted),
        *_judge(f"{title}, per second", rates, goals),
        *(_judge(f"{title}, per processor second", thrifts, {}) if subject.device == "cpu" else ()),
    ]


@dataclass(frozen=True, slots=True)
class Turn:
    """What one side did in one turn; its outcomes inside `counted` make its rate.

    Attributes:
        processor_s: Of all its processes over all outcomes, which no neighbour disturbs.
    """

    outcomes: list[Outcome]
    counted: tuple[float, float]
    processor_s: float
    ticks: list[Tick]


def _turns(plan: Plan, sides: list[Side]) -> Iterator[tuple[Side, int]]:
    """Let the sides take turns; round -1 warms up."""
    for round_ in range(-1, plan.rounds):
        for side in sides:
            yield side, round_


def _take_turn(
    side: Side, plan: Plan, workload: Workload, round_: int, window: tuple[float, float]
) -> Turn:
    has_ticks = SIDES[side.name][0] == "batching"
    with side.turn() as url:
        if has_ticks:
            side.read_ticks()
        begun_s = side.processor_s()
        outcomes, counted = saturate(url, workload, round_, plan.outstanding, window)
        processor_s = side.processor_s() - begun_s
        return Turn(outcomes, counted, processor_s, side.read_ticks() if has_ticks else [])


def _goals(subject: Subject, workload: Workload) -> dict[str, float]:
    if workload.name == "W1":
        return W1_GOAL
    return GOALS.get((subject.device, subject.dtype), {}) if workload.name in MIXED else {}


def _judge(title: str, rates: dict[str, list[float]], goals: dict[str, float]) -> list[Figure]:
    figures = []
    for name, values in rates.items():
        if name == "ours":
            continue
        ratios = [mine / theirs for mine, theirs in zip(rates["ours"], values, strict=True)]
        label, goal = f"{title}: ours / {name}", goals.get(name)
        figures.append(at_least(label, "", ratios, goal) if goal else plain(label, "", ratios))
    return figures
