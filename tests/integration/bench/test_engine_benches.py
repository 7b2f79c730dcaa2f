"""The benchmarks still run, at lengths that measure nothing."""

import dataclasses
import json
from pathlib import Path

import pytest
import torch

from bench.__main__ import ENGINE
from bench.engine.drive import Outcome, work_rate
from bench.engine.plan import quick
from bench.engine.shapes import TRUE
from bench.engine.subject import mini
from bench.engine.workloads import make_workloads, poisson
from bench.report import at_least, plain, show
from bench.write_docs import make_table

SMALL = dataclasses.replace(mini("cpu", "float32"), base_px=64)
TOY = dataclasses.replace(
    quick((SMALL,)),
    rounds=1,
    outstanding=3,
    sides=("P2", "ours"),
    warm_s=0.1,
    window_s=0.5,
    rate_workloads=("W3",),
    loads=(0.5,),
    trace_s=0.5,
    step_rounds=1,
    samples=3,
    admissions=0,
    requests=8,
    switches=1,
)


@pytest.mark.parametrize("name", ENGINE)
def test_a_bench_runs(name: str) -> None:
    _title, measure = ENGINE[name]
    figures = measure(TOY)
    assert figures
    assert all(figure.values for figure in figures)


@pytest.mark.parametrize(("shape", "num_millions"), [("sd15", 860), ("sdxl", 2567), ("dit", 2028)])
def test_true_shapes_are_those_of_the_published_models(shape: str, num_millions: int) -> None:
    make = TRUE[shape][3]
    with torch.device("meta"):
        pipeline = make()
    denoiser = getattr(pipeline, "unet", None) or pipeline.transformer
    assert round(sum(one.numel() for one in denoiser.parameters()) / 1e6) == num_millions


def test_every_side_is_asked_the_same() -> None:
    workload = make_workloads(128, ("ddim", "euler"))["W3"]
    assert workload.some(50, seed=3) == workload.some(50, seed=3)
    assert workload.some(50, seed=3) != workload.some(50, seed=4)
    assert {ask.scheduler for ask in workload.some(50, seed=3)} == {"ddim", "euler"}


def test_arrivals_keep_their_rate() -> None:
    arrivals_s = poisson(rate_per_s=10, duration_s=200, seed=1)
    assert arrivals_s == sorted(arrivals_s)
    assert 1800 < len(arrivals_s) < 2200


def outcome(started_s: float, ended_s: float, share: float) -> Outcome:
    ask = make_workloads(128, ("ddim",))["W1"].some(1, seed=0)[0]
    return Outcome(ask, 0, started_s, ended_s, ended_s, share)


def test_work_counts_by_its_part_inside_the_window() -> None:
    window = (10.0, 20.0)
    one_s = {"cost_s": lambda _ask: 1.0}
    assert work_rate([outcome(11, 12, 1)], window, **one_s) == pytest.approx(0.1)
    assert work_rate([outcome(8, 12, 1)], window, **one_s) == pytest.approx(0.05)
    assert work_rate([outcome(19, 21, 0.5)], window, **one_s) == pytest.approx(0.025)
    assert work_rate([outcome(1, 2, 1)], window, **one_s) == 0


def test_a_result_is_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.report.FOLDER", tmp_path)
    show("R0 nothing", [plain("one", "s", [1, 2]), at_least("two", "", [0.5], 1)], "on nothing")
    table = make_table(json.loads((tmp_path / "r0.json").read_text()))
    assert "| one | s | 1.5 | 1 to 2 | 2 |  |" in table
    assert "| at least 1: **missed** |" in table
