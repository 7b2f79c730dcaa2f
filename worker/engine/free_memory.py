"""How much memory a device has left."""

import psutil
import torch


def free_bytes(device: torch.device) -> int:
    """Return what can be taken now, what torch keeps for itself and does not use included."""
    if device.type != "cuda":
        return int(psutil.virtual_memory().available)
    kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return torch.cuda.mem_get_info(device)[0] + kept
