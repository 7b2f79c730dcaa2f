"""What the worker computes on and, where a GPU is seen and not used, why."""

import importlib.metadata
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

GPU_FILES = ("/dev/nvidia0", "/dev/kfd")
PROBE_TIMEOUT_S = 60


def describe_device(
    chosen: str | None, torch_version: str, *, is_gpu_seen: bool, is_gpu_usable: Callable[[], bool]
) -> str:
    """Name the device in a few words.

    Args:
        chosen: What ATELIER_DEVICE says, if anything.
        torch_version: With its build, such as 2.13.0+cpu.
        is_gpu_seen: Whether the machine shows a GPU.
        is_gpu_usable: Asked only if the answer is in doubt, since it takes seconds.
    """
    if chosen:
        return f"{chosen} (ATELIER_DEVICE)"
    if not is_gpu_seen:
        return "the CPU (no GPU is seen)"
    if torch_version.endswith("+cpu"):
        return (
            f"the CPU: a GPU is seen, but torch {torch_version} is a CPU build; "
            "install the CUDA build of the same version to use it"
        )
    if not is_gpu_usable():
        return f"the CPU: a GPU is seen, but torch {torch_version} cannot use it; see nvidia-smi"
    return "the GPU (cuda)"


def find_torch_version() -> str:
    """Return the version of torch without loading it."""
    return importlib.metadata.version("torch")


def sees_gpu() -> bool:
    """Say whether this machine shows a GPU, used or not."""
    return shutil.which("nvidia-smi") is not None or any(Path(one).exists() for one in GPU_FILES)


def reaches_gpu() -> bool:
    """Ask torch, in a process of its own: this one is to stay small."""
    question = "import sys, torch; sys.exit(not torch.cuda.is_available())"
    try:
        answer = subprocess.run(
            (sys.executable, "-c", question),
            capture_output=True,
            timeout=PROBE_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False
    return answer.returncode == 0
