"""R10: a picture made in company, the same alone, and diffusers' own, pixel by pixel."""

import itertools
import math
from typing import Any

import numpy as np
import numpy.typing as npt

from bench.engine.our_engine import OurEngine, make_engine
from bench.engine.plan import Plan
from bench.engine.subject import BarePipeline, Subject
from bench.engine.workloads import Ask, make_workloads
from bench.report import Figure, at_least, at_most, plain

Pixels = npt.NDArray[np.uint8]
TICKS_BETWEEN_ARRIVALS = 3
MAX_TICKS = 100_000
MAX_DIFFERENCE, MAX_SHARE, MIN_PSNR_DB = 1, 0.001, 35
SAME_PSNR_DB = 99.0


def measure_exactness(plan: Plan) -> list[Figure]:
    """Compare a sample of all workloads, joining late and leaving early, in each number format."""
    return [figure for subject in plan.subjects for figure in _measure(plan, subject)]


def _measure(plan: Plan, subject: Subject) -> list[Figure]:
    workloads = make_workloads(subject.base_px, subject.schedulers)
    mixed = [workloads[name].draw(seed=7) for name in ("W2", "W3", "W4")]
    asks = [next(turn) for turn in itertools.islice(itertools.cycle(mixed), plan.samples)]
    ours = make_engine(subject)
    company = paint_in_company(ours, asks)
    alone = [paint_in_company(ours, [ask])[0] for ask in asks]
    bare = BarePipeline(subject)
    stock = [np.asarray(bare.paint([ask])[0]) for ask in asks]
    figures = []
    for title, some, others in (
        ("in company / alone", company, alone),
        ("alone / diffusers", alone, stock),
        ("in company / diffusers", company, stock),
    ):
        figures += _compare(f"{subject.dtype}: {title}", subject, some, others)
    return figures


def paint_in_company(ours: OurEngine, asks: list[Ask]) -> list[Pixels]:
    """Make the pictures together, a new one every few ticks while there are slots."""
    waiting = list(enumerate(asks))
    pictures: dict[int, Pixels] = {}
    for tick in range(MAX_TICKS):
        if waiting and tick % TICKS_BETWEEN_ARRIVALS == 0 and ours.engine.free_slots:
            number, ask = waiting.pop(0)
            ours.admit(str(number), ask)
        for event in ours.engine.step():
            images: Any = getattr(event, "images", None)
            if images:
                pictures[int(event.id)] = images[0]
        if len(pictures) == len(asks):
            break
    return [pictures[number] for number in range(len(asks))]


def _compare(
    title: str, subject: Subject, some: list[Pixels], others: list[Pixels]
) -> list[Figure]:
    pairs = list(zip(some, others, strict=True))
    differences = [np.abs(one.astype(int) - other.astype(int)) for one, other in pairs]
    largest = [float(difference.max()) for difference in differences]
    shares = [float((difference > 0).mean()) for difference in differences]
    psnr = [find_psnr_db(one, other) for one, other in pairs]
    if subject.dtype != "float32":
        return [
            plain(f"{title}: largest difference", "of 255", largest),
            _worst_at_least(f"{title}: PSNR, worst", psnr),
        ]
    return [
        at_most(f"{title}: largest difference", "of 255", [max(largest)], MAX_DIFFERENCE),
        at_most(f"{title}: values that differ, worst", "", [max(shares)], MAX_SHARE),
        _worst_at_least(f"{title}: PSNR, worst", psnr),
    ]


def _worst_at_least(title: str, psnr: list[float]) -> Figure:
    return at_least(title, "dB", [min(psnr)], MIN_PSNR_DB)


def find_psnr_db(one: Pixels, other: Pixels) -> float:
    """Return the peak signal-to-noise ratio; equal pictures count as 99 dB."""
    error = float(((one.astype(float) - other.astype(float)) ** 2).mean())
    return SAME_PSNR_DB if error == 0 else 10 * math.log10(255**2 / error)
