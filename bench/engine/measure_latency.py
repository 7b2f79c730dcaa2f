"""R4: latency against load, ours beside P1, with the same arrivals of the same asks."""

import itertools
import statistics
from collections.abc import Sequence

from bench.engine.cost import SerialCost
from bench.engine.drive import Outcome, replay
from bench.engine.measure_rate import SIDES
from bench.engine.plan import Plan
from bench.engine.sides.running import Side, running_side
from bench.engine.subject import BarePipeline
from bench.engine.workloads import Workload, make_workloads, poisson
from bench.report import Figure, at_most, plain

WORKLOADS = ("W2", "W3")
SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
BUSY = 0.8
GOAL_CALM, GOAL_BUSY = 1.1, 0.8
CALM = 0.7
Latencies = dict[str, list[list[float]]]


def measure_latency(plan: Plan) -> list[Figure]:
    """Offer both sides shares of the bare pipeline's capacity."""
    subject = plan.subject
    cost = SerialCost(BarePipeline(subject))
    workloads = make_workloads(subject.base_px, subject.schedulers)
    peer, ours = (running_side(name, SIDES[name][0], subject, {}) for name in ("P1", "ours"))
    figures = []
    with peer as peer_side, ours as our_side:
        sides = [peer_side, our_side]
        for side in sides:
            side.wait_until_ready()
            with side.turn() as url:
                replay(url, workloads["W2"].some(4, seed=0), [0.0] * 4)
        for name in WORKLOADS:
            capacity = 1 / cost.mean(workloads[name])
            figures.append(plain(f"{name}: serial capacity", "per s", [capacity]))
            for load in plan.loads:
                latencies = _latencies(plan, sides, workloads[name], load * capacity)
                figures += _judge(f"{name} at {load:g}", load, latencies)
    return figures


def _latencies(plan: Plan, sides: list[Side], workload: Workload, rate_per_s: float) -> Latencies:
    """Return the latencies of each side, one list for each round."""
    latencies: Latencies = {side.name: [] for side in sides}
    for round_ in range(plan.trace_rounds):
        arrivals_s = poisson(rate_per_s, plan.trace_s, seed=round_) or [0.0]
        asks = workload.some(len(arrivals_s), seed=round_)
        for side in sides:
            with side.turn() as url:
                outcomes = replay(url, asks, arrivals_s)
            latencies[side.name].append(_sorted_latencies(outcomes))
    return latencies


def _sorted_latencies(outcomes: Sequence[Outcome]) -> list[float]:
    return sorted(outcome.latency_s for outcome in outcomes)


def _judge(title: str, load: float, latencies: Latencies) -> list[Figure]:
    """Pool the rounds for each side's figures, and compare them round by round."""
    figures = []
    for name, share in SHARES.items():
        for side, rounds in latencies.items():
            pooled = sorted(latency for one in rounds for latency in one)
            label = f"{title}: {side} {name} of {len(pooled)}"
            figures.append(plain(label, "s", [at_share(pooled, share)]))
        ratios = [
            at_share(mine, share) / at_share(theirs, share)
            for mine, theirs in zip(latencies["ours"], latencies["P1"], strict=True)
        ]
        label = f"{title}: {name}, ours / P1"
        goal = _goal(name, load)
        figures.append(at_most(label, "", ratios, goal) if goal else plain(label, "", ratios))
    mean = {side: statistics.fmean(itertools.chain(*rounds)) for side, rounds in latencies.items()}
    figures.append(plain(f"{title}: mean, ours / P1", "", [mean["ours"] / mean["P1"]]))
    return figures


def _goal(name: str, load: float) -> float | None:
    if name == "p50":
        return None
    if load < CALM:
        return GOAL_CALM
    return GOAL_BUSY if load >= BUSY else None


def at_share(ordered: Sequence[float], share: float) -> float:
    """Return the value that this share of the others does not exceed."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
