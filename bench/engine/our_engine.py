"""Our engine with a subject loaded: the one place where benchmarks know how it is built."""

import atexit
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.engine.subject import Subject, import_torch
from bench.engine.workloads import Ask

MODEL = "measured"
SLOTS = 16
PROMPT_CACHE_BYTES = 2**27


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
    """Build an engine as a worker does, and load a subject into it.

    Without a batch limit it measures how many rows serve each size best, at the first use.
    """
    torch = import_torch(subject.device)
    from worker.engine.budget import FixedRowBudget  # noqa: PLC0415
    from worker.engine.engine import Engine  # noqa: PLC0415
    from worker.engine.prompt_cache import PromptCache  # noqa: PLC0415

    engine = Engine(
        lambda _name: loader(subject),
        torch.device(subject.device),
        getattr(torch, subject.dtype),
        slots,
        _measured_budget(subject) if batch_limit is None else FixedRowBudget(batch_limit),
        PromptCache(PROMPT_CACHE_BYTES),
    )
    engine.load(MODEL)
    return OurEngine(engine)


def _measured_budget(subject: Subject) -> Any:  # noqa: ANN401 - torch after the environment
    import torch  # noqa: PLC0415

    from worker.engine.budget import MeasuredRowBudget  # noqa: PLC0415
    from worker.engine.memory import DeviceMemory  # noqa: PLC0415
    from worker.engine.profile import ProfileFolder  # noqa: PLC0415

    forgotten = Path(tempfile.mkdtemp(prefix="atelier-bench-"))  # what another run saw is not now
    atexit.register(shutil.rmtree, forgotten, ignore_errors=True)
    memory = DeviceMemory(torch.device(subject.device))
    return MeasuredRowBudget(ProfileFolder(forgotten, {}), memory, lambda _model: subject.shape)
