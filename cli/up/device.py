"""What the worker computes on and, where a GPU is seen and not used, why."""

import importlib.metadata
import shutil
import subprocess
import sys
from pathlib import Path

from shared.config import Settings

GPU_FILES = ("/dev/nvidia0", "/dev/kfd")
PROBE_TIMEOUT_S = 60


def describe_device(settings: Settings) -> str:
    """Name the device in a few words."""
    version = importlib.metadata.version("torch")
    is_cpu_build = version.endswith("+cpu")
    if settings.device:
        return f"{settings.device} (ATELIER_DEVICE)"
    if not sees_gpu():
        return "the CPU (no GPU is seen)"
    if is_cpu_build:
        return f"the CPU: a GPU is seen, but torch {version} is built without CUDA"
    if not _torch_reaches_gpu():
        return f"the CPU: a GPU is seen, but torch {version} cannot use it (driver too old?)"
    return "the GPU (cuda)"


def sees_gpu() -> bool:
    """Say whether this machine shows a GPU, used or not."""
    return shutil.which("nvidia-smi") is not None or any(Path(one).exists() for one in GPU_FILES)


def _torch_reaches_gpu() -> bool:
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
