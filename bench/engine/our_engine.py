"""Our engine with a subject loaded: the one place where benchmarks know how it is built."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.engine.subject import Subject, import_torch
from bench.engine.workloads import Ask

MODEL = "measured"
SLOTS = 16


@dataclass(frozen=True, slots=True)
class OurEngine:
    """An engine with a model loaded as `MODEL`."""

    engine: Any

    def admit(self, name: str, ask: Ask) -> None:
        """Take in an ask under a name."""
        from worker.engine.request import (  # noqa: PLC0415 - torch after the environment
            GenerationRequest,
            ImageRequest,
            Priority,
        )

        image = ImageRequest(seed=ask.seed, prompt=ask.prompt, negative_prompt="")
        self.engine.admit(
            GenerationRequest(
                id=name,
                tenant=name,
                priority=Priority.NORMAL,
                model=MODEL,
                width_px=ask.width_px,
                height_px=ask.height_px,
                num_inference_steps=ask.num_inference_steps,
                guidance_scale=ask.guidance_scale,
                scheduler=ask.scheduler,
                sigmas="default",
                images=(image,),
                second_pass=None,
                is_alone=False,
                preview_every=0,
            )
        )


def load_ours(subject: Subject) -> Any:  # noqa: ANN401 - torch after the environment
    """Load a subject as the engine's loader does."""
    torch = import_torch(subject.device)
    from worker.engine.loading import load_model  # noqa: PLC0415

    device, dtype = torch.device(subject.device), getattr(torch, subject.dtype)
    return load_model(Path(subject.folder), subject.family, device, dtype)


def make_engine(
    subject: Subject,
    slots: int = SLOTS,
    batch_limit: int | None = None,
    loader: Callable[[Subject], Any] = load_ours,
) -> OurEngine:
    """Build an engine and load a subject into it; without a batch limit it chooses its rows."""
    torch = import_torch(subject.device)
    from worker.engine.budget import FixedRowBudget  # noqa: PLC0415
    from worker.engine.engine import Engine  # noqa: PLC0415

    budget: dict[str, Any] = {}
    if batch_limit is not None:
        budget["row_budget"] = FixedRowBudget(batch_limit)
    engine = Engine(
        lambda _name: loader(subject),
        torch.device(subject.device),
        getattr(torch, subject.dtype),
        slots,
        **budget,
    )
    engine.load(MODEL)
    return OurEngine(engine)
