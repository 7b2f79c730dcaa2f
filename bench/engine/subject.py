"""What is measured: which weights, where, in which number format."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bench.engine.workloads import Ask

MINI = Path(__file__).parents[2] / "models" / "mini"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A model folder and how it is run; every side gets the same.

    Attributes:
        schedulers: Names that the model knows, its usual one first.
        base_px: The model's own picture size.
    """

    shape: str
    folder: str
    family: str
    device: str
    dtype: str
    base_px: int
    schedulers: tuple[str, ...]

    def describe(self) -> str:
        """Say what it is, in words."""
        return f"{self.shape} at {self.base_px} pixels on {self.device}"

    def dump(self) -> str:
        """Write it as JSON, for another process."""
        return json.dumps(asdict(self))

    @staticmethod
    def parse(text: str) -> "Subject":
        """Read what `dump` wrote."""
        fields = json.loads(text)
        return Subject(**(fields | {"schedulers": tuple(fields["schedulers"])}))


def mini(device: str, dtype: str) -> Subject:
    """Return the bundled model."""
    return Subject(
        shape="mini",
        folder=str(MINI),
        family="sd15",
        device=device,
        dtype=dtype,
        base_px=128,
        schedulers=("dpm++2m", "ddim", "euler"),
    )


def import_torch(device: str) -> Any:  # noqa: ANN401 - a module
    """Import torch with one thread on a CPU, whose pool sleeps instead of spinning."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import torch  # noqa: PLC0415 - after the environment that its threads read

    if device == "cpu":
        torch.set_num_threads(1)
    return torch


class BarePipeline:
    """The diffusers pipeline as its authors ship it: what every peer is built around."""

    def __init__(self, subject: Subject) -> None:
        self._torch = import_torch(subject.device)
        import diffusers  # noqa: PLC0415 - takes seconds
        import transformers  # noqa: PLC0415

        for library in (diffusers, transformers):
            library.utils.logging.disable_progress_bar()
            library.utils.logging.set_verbosity_error()
        self.pipeline: Any = diffusers.DiffusionPipeline.from_pretrained(
            subject.folder, dtype=getattr(self._torch, subject.dtype)
        ).to(subject.device)
        self.pipeline.set_progress_bar_config(disable=True)
        self._config = self.pipeline.scheduler.config
        self._schedulers: dict[str, tuple[Any, dict[str, object]]] = {
            "ddim": (diffusers.DDIMScheduler, {}),
            "euler": (diffusers.EulerDiscreteScheduler, {}),
            "dpm++2m": (
                diffusers.DPMSolverMultistepScheduler,
                {"algorithm_type": "dpmsolver++", "solver_order": 2},
            ),
            "flow-euler": (diffusers.FlowMatchEulerDiscreteScheduler, {}),
        }

    def paint(self, asks: list[Ask], **options: object) -> Any:  # noqa: ANN401
        """Make pictures of one kind in one call; returns them as PIL images."""
        torch, first = self._torch, asks[0]
        scheduler_class, overrides = self._schedulers[first.scheduler]
        self.pipeline.scheduler = scheduler_class.from_config(self._config, **overrides)
        with torch.inference_mode():
            made = self.pipeline(
                [ask.prompt for ask in asks],
                num_inference_steps=first.num_inference_steps,
                guidance_scale=first.guidance_scale,
                width=first.width_px,
                height=first.height_px,
                generator=[torch.Generator("cpu").manual_seed(ask.seed) for ask in asks],
                **options,
            )
        return made.images
