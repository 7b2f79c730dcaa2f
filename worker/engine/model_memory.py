"""What a model takes of a device, read from the heads of its files before any of it is loaded."""

import json
import struct
from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import Any

import torch

from worker.engine.errors import ModelTooLarge
from worker.engine.memory import DeviceMemory, as_megabytes

# A denoiser holds at work about this share of what its weights take, small models more.
WORK_SHARE = 0.1
MAX_HEAD_BYTES = 100_000_000
FLOATS = {"F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2"}
UNUSED = {"safety_checker"}


def check_model_fits(path: Path, dtype: torch.dtype, memory: DeviceMemory) -> None:
    """Return if there is memory for a model and some work with it.

    Raises:
        ModelTooLarge: There is not.
    """
    wanted = int(count_model_bytes(path, dtype) * (1 + WORK_SHARE))
    free = memory.free_bytes()
    if wanted > free:
        raise ModelTooLarge(f"it needs {as_megabytes(wanted)}, and {as_megabytes(free)} are free")


def count_model_bytes(path: Path, dtype: torch.dtype) -> int:
    """Return what the weights in a folder take once they are loaded.

    Args:
        path: The folder, in diffusers' layout. What cannot be read counts for nothing.
        dtype: What floating numbers become, whatever they are stored in.
    """
    return sum(
        _count_tensor(entry, dtype.itemsize)
        for file in _list_files(path)
        for entry in _read_head(file).values()
        if isinstance(entry, dict) and "shape" in entry
    )


def _list_files(path: Path) -> Iterator[Path]:
    """Yield the files that would be loaded: of several variants of a file, the plain one."""
    for file in sorted(path.glob("*/*.safetensors")):
        plain = file.with_name(f"{file.name.split('.')[0]}.safetensors")
        if file.parent.name not in UNUSED and (file == plain or not plain.exists()):
            yield file


def _read_head(file: Path) -> dict[str, Any]:
    try:
        with file.open("rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(8))
            if length > MAX_HEAD_BYTES:
                return {}
            head = json.loads(stream.read(length))
    except (OSError, ValueError, struct.error):
        return {}
    return dict(head)


def _count_tensor(entry: dict[str, Any], float_bytes: int) -> int:
    begin, end = entry["data_offsets"]
    is_float = entry["dtype"] in FLOATS
    return int(prod(entry["shape"]) * float_bytes if is_float else end - begin)
