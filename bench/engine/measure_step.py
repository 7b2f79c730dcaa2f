"""R3: a tick of the engine at batch B beside one bare denoiser forward at batch B."""

import dataclasses
from collections.abc import Callable

from bench.engine.forward import elapsed_ms, make_forward
from bench.engine.our_engine import load_ours, make_engine
from bench.engine.plan import Plan
from bench.engine.subject import BarePipeline, Subject
from bench.engine.workloads import Ask, make_workloads
from bench.report import Figure, at_most, plain

ROWS = (1, 2, 4, 8, 16)
GOAL = 1.05
NUM_INFERENCE_STEPS = 200  # nothing may end while it is measured


def measure_step(plan: Plan) -> list[Figure]:
    """Alternate both sides on the same weights and device, in each number format."""
    return [figure for subject in plan.subjects for figure in _measure(plan, subject)]


def _measure(plan: Plan, subject: Subject) -> list[Figure]:
    model, bare = load_ours(subject), BarePipeline(subject)
    figures = []
    for rows in ROWS:
        asks = make_asks(subject, rows)
        tick = make_tick(subject, asks, lambda _subject: model)
        forward = make_forward(bare, asks[0], rows)
        for warm_up in (tick, forward, tick, forward):
            warm_up()
        pairs = [
            (elapsed_ms(tick, bare.pipeline.device), elapsed_ms(forward, bare.pipeline.device))
            for _round in range(plan.step_rounds)
        ]
        ratios = [tick_ms / forward_ms for tick_ms, forward_ms in pairs]
        forwards = [forward_ms for _tick_ms, forward_ms in pairs]
        figures += [
            plain(f"{subject.dtype}: t({rows}), bare forward", "ms", forwards),
            at_most(f"{subject.dtype}: engine tick / bare forward, {rows} rows", "", ratios, GOAL),
        ]
    return figures


def make_asks(subject: Subject, rows: int) -> list[Ask]:
    """Return strangers with guidance that fill so many rows, or one without for a single row."""
    [alike] = make_workloads(subject.base_px, subject.schedulers)["W1"].some(1, seed=0)
    endless = dataclasses.replace(
        alike, num_inference_steps=NUM_INFERENCE_STEPS, guidance_scale=2.5 if rows > 1 else 1.0
    )
    return [
        dataclasses.replace(
            endless, seed=number, scheduler=subject.schedulers[number % len(subject.schedulers)]
        )
        for number in range(max(rows // 2, 1))
    ]


def make_tick(
    subject: Subject, asks: list[Ask], loader: Callable[[Subject], object]
) -> Callable[[], object]:
    """Return a tick that all asks share; it raises when one does not take part."""
    rows = sum(ask.rows for ask in asks)
    ours = make_engine(subject, slots=len(asks), batch_limit=rows, loader=loader)
    for ask in asks:
        ours.admit(str(ask.seed), ask)

    def tick() -> None:
        events = ours.engine.step()
        if len(events) != len(asks):
            raise RuntimeError(f"not all take part: {events}")

    return tick
