"""Files from which a stopped run goes on."""

from pathlib import Path
from typing import Any

import torch


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write a checkpoint, whole or not at all."""
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    partial.replace(path)


def find_checkpoint(path: Path) -> dict[str, Any] | None:
    """Read a checkpoint if there is one."""
    if not path.exists():
        return None
    saved: dict[str, Any] = torch.load(path, weights_only=True)
    return saved
