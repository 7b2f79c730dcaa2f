"""What memory a device has, and what a piece of work takes of it at most."""

import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

MEMINFO = Path("/proc/meminfo")
CGROUP = Path("/sys/fs/cgroup")
PLENTY_BYTES = 2**60  # where nothing tells


class DeviceMemory:
    """The memory of one device.

    Args:
        device: Whose memory.
        limit_bytes: What weights and work may take of it together; None leaves it all.
    """

    def __init__(self, device: torch.device, limit_bytes: int | None = None) -> None:
        self._device = device
        self._limit_bytes = limit_bytes

    def free_bytes(self) -> int:
        """Return what more may be taken now."""
        if self._device.type == "cuda":
            free, _total = torch.cuda.mem_get_info(self._device)
            taken = torch.cuda.memory_allocated(self._device)
            free += torch.cuda.memory_reserved(self._device) - taken  # torch keeps it for itself
        else:
            free, taken = _free_host_bytes(), _taken_host_bytes()
        if self._limit_bytes is None:
            return free
        return min(free, self._limit_bytes - taken)

    def peak_bytes(self, work: Callable[[], object]) -> int:
        """Do some work and return the most that it had allocated at once."""
        if self._device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(self._device)
            before = torch.cuda.memory_allocated(self._device)
            work()
            torch.cuda.synchronize(self._device)
            return int(torch.cuda.max_memory_allocated(self._device) - before)
        with _LiveBytes() as live:
            work()
        return int(live.peak_bytes)


def is_out_of_memory(error: Exception) -> bool:
    """Whether an error says that the device, or the host, had no memory for something."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and "can't allocate memory" in str(error)


def as_megabytes(num_bytes: int) -> str:
    """Write an amount of memory for people."""
    return f"{max(0, num_bytes) / 1e6:,.0f} MB"


class _LiveBytes(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts what the results of all operations hold while they live."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.peak_bytes = 0
        self._live_bytes = 0
        self._seen: set[int] = set()

    def __torch_dispatch__(
        self,
        func: Callable[..., object],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> object:
        result = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(result):
            if isinstance(tensor, torch.Tensor):
                self._count(tensor.untyped_storage())
        self.peak_bytes = max(self.peak_bytes, self._live_bytes)
        return result

    def _count(self, storage: torch.UntypedStorage) -> None:
        place = storage.data_ptr()
        if place in self._seen:
            return
        self._seen.add(place)
        self._live_bytes += storage.nbytes()
        weakref.finalize(storage, self._forget, place, storage.nbytes())

    def _forget(self, place: int, num_bytes: int) -> None:
        self._seen.discard(place)
        self._live_bytes -= num_bytes


def _free_host_bytes() -> int:
    """Return what Linux could give, within the bound of our control group."""
    free = _read_meminfo("MemAvailable")
    try:
        bound = int((CGROUP / "memory.max").read_text())
        free = min(free, bound - int((CGROUP / "memory.current").read_text()))
    except (OSError, ValueError):  # no such file, or "max"
        pass
    return free


def _taken_host_bytes() -> int:
    try:
        fields = Path("/proc/self/statm").read_text(encoding="ascii").split()
        return int(fields[1]) * 4096
    except (OSError, ValueError, IndexError):
        return 0


def _read_meminfo(name: str) -> int:
    try:
        lines = MEMINFO.read_text(encoding="ascii").splitlines()
    except OSError:
        return PLENTY_BYTES
    found = [line.split()[1] for line in lines if line.startswith(f"{name}:")]
    return int(found[0]) * 1024 if found else PLENTY_BYTES
