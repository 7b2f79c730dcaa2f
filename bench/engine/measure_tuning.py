"""Settings of speed: a forward pass as it comes beside one under each setting."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.engine.forward import elapsed_ms
from bench.engine.plan import Plan
from bench.engine.subject import Subject, import_torch
from bench.report import Figure, plain

ROWS = (2, 8, 16)
WARM_UPS = 3


def measure_tuning(plan: Plan) -> list[Figure]:
    """Alternate plain and tuned passes of the same weights, in each number format."""
    from worker.engine.tuning import Attention, Compile, Tuning  # noqa: PLC0415 - after torch

    settings = {
        "channels_last": Tuning(channels_last=True),
        "attention=flash": Tuning(attention=Attention.FLASH),
        "attention=math": Tuning(attention=Attention.MATH),
        "compile=regional": Tuning(compile=Compile.REGIONAL),
    }
    if plan.subject.device != "cpu":
        settings |= {
            "attention=cudnn": Tuning(attention=Attention.CUDNN),
            "attention=efficient": Tuning(attention=Attention.EFFICIENT),
            "cuda_graphs": Tuning(cuda_graphs=True),
            "cuda_graphs, compile=regional": Tuning(cuda_graphs=True, compile=Compile.REGIONAL),
        }
    return [
        figure
        for subject in plan.subjects
        for name, tuning in settings.items()
        for figure in _measure(plan, subject, name, tuning)
    ]


def _measure(plan: Plan, subject: Subject, name: str, tuning: Any) -> list[Figure]:  # noqa: ANN401
    torch = import_torch(subject.device)
    device = torch.device(subject.device)
    figures: list[Figure] = []
    for rows in ROWS:
        as_it_comes, tuned = _make_pass(subject, None, rows), _make_pass(subject, tuning, rows)
        first = elapsed_ms(tuned, device) / 1000
        for warm_up in (as_it_comes, tuned) * WARM_UPS:
            warm_up()
        ratios = [
            elapsed_ms(as_it_comes, device) / elapsed_ms(tuned, device)
            for _round in range(plan.step_rounds)
        ]
        label = f"{subject.dtype}: plain / {name}, {rows} rows"
        figures.append(plain(label, "", ratios))
        if tuning.compile == "regional":
            figures.append(plain(f"{subject.dtype}: first pass, {name}, {rows} rows", "s", [first]))
    return figures


def _make_pass(subject: Subject, tuning: Any, rows: int) -> Callable[[], object]:  # noqa: ANN401
    """Return one pass of a model of its own, on inputs that lie ready."""
    torch = import_torch(subject.device)
    from worker.engine.loading import load_model  # noqa: PLC0415
    from worker.engine.tuning import PLAIN  # noqa: PLC0415

    device, dtype = torch.device(subject.device), getattr(torch, subject.dtype)
    model = load_model(Path(subject.folder), subject.family, device, dtype, tuning or PLAIN)
    size_px = subject.base_px, subject.base_px
    with torch.inference_mode():
        text = model.encode_text("a red circle")
        condition = model.condition(text, text, 1.0, size_px).rows
        given = {
            key: value.repeat(rows, *[1] * (value.ndim - 1)) for key, value in condition.items()
        }
        latents = torch.randn(rows, *model.latent_shape(*size_px)).to(device, dtype)
        timesteps = torch.linspace(900.0, 100.0, rows).to(device)

    def run() -> object:
        with torch.inference_mode():
            return model.predict_noise(latents, timesteps, given)

    return run
