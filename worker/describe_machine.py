"""What a worker computes with, as far as it can change a picture."""

import importlib.metadata
import platform
from dataclasses import dataclass
from pathlib import Path

import torch

LIBRARIES = ("atelier", "torch", "diffusers", "transformers")
CPU_INFO = Path("/proc/cpuinfo")


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """Where pictures are made.

    Attributes:
        versions: Of what makes them, by name.
        device: Its name and, for a CPU, the instructions that torch uses of it.
        dtype: Number format of the model.
    """

    versions: dict[str, str]
    device: str
    dtype: str


def describe_machine(device: torch.device, dtype: torch.dtype) -> Machine:
    """Return what this process computes with."""
    versions = {name: importlib.metadata.version(name) for name in LIBRARIES}
    return Machine(
        versions=versions | {"python": platform.python_version()},
        device=_name(device),
        dtype=str(dtype).removeprefix("torch."),
    )


def _name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    if device.type != "cpu":
        return str(device)
    return f"{_name_cpu()}, {torch.backends.cpu.get_cpu_capability()}"


def _name_cpu() -> str:
    if CPU_INFO.is_file():
        for line in CPU_INFO.read_text(encoding="utf-8", errors="replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()
