"""Several processes of one thread each train one network; their gradients are averaged.

On a processor this is nearly twice as fast with two cores, where two threads gain a fifth. Each
step is cut into pieces that the processes claim as they get to them, so one that is slowed by
other work on the machine does not hold up the rest.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from multiprocessing import get_context
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import TypeAlias

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.multiprocessing.spawn import spawn

Counter: TypeAlias = "Synchronized[int]"
NICENESS = 5
# One counter per process that was started here; None where there is only one process.
_claimed: list[Counter] = []


def run_parallel(job: Callable[..., None], workers: int, meeting: Path, *args: object) -> None:
    """Run `job(*args)` in this process, or in several that can average.

    Args:
        job: A module-level function; it may ask for `rank()`.
        workers: Number of processes.
        meeting: A file through which they find each other; removed first.
        args: Handed to the job; must pickle.
    """
    torch.set_num_threads(1)
    if workers == 1:
        job(*args)
        return
    meeting.unlink(missing_ok=True)
    counter = get_context("spawn").Value("q", 0)
    spawn(_start, (job, workers, str(meeting), counter, args), nprocs=workers)


def _start(
    rank: int,
    job: Callable[..., None],
    workers: int,
    meeting: str,
    counter: Counter,
    args: Sequence[object],
) -> None:
    torch.set_num_threads(1)
    os.nice(NICENESS)
    _claimed.append(counter)
    dist.init_process_group("gloo", f"file://{meeting}", rank=rank, world_size=workers)
    job(*args)
    dist.destroy_process_group()


def rank() -> int:
    """Give the number of this process, from 0."""
    return dist.get_rank() if dist.is_initialized() else 0


def num_workers() -> int:
    """Give the number of processes that train together."""
    return dist.get_world_size() if dist.is_initialized() else 1


def share_start(modules: Iterable[nn.Module]) -> None:
    """Give every process the first one's weights."""
    if dist.is_initialized():
        for module in modules:
            for tensor in module.state_dict().values():
                dist.broadcast(tensor, 0)


def claim_pieces(step: int, pieces: int) -> Iterator[int]:
    """Give this process's pieces of a step, counted over all steps of this start."""
    if not _claimed:
        yield from range(step * pieces, (step + 1) * pieces)
        return
    counter = _claimed[0]
    while True:
        with counter.get_lock():
            piece = counter.value
            if piece >= (step + 1) * pieces:
                return
            counter.value = piece + 1
        yield piece


def average_gradients(parameters: Sequence[Tensor], share: float, pieces: int = 0) -> float:
    """Average gradients over the processes, and their clocks, so that all stop at one step.

    Args:
        parameters: Their gradients are averaged in place; a missing one counts as zero.
        share: How much of its time this process has spent, from 0 to 1.
        pieces: Over how many claimed pieces the gradients were summed; 0 where each process
            holds a mean already.

    Returns:
        The average share.
    """
    for one in parameters:
        if one.grad is None:
            one.grad = torch.zeros_like(one)
    gradients = [one.grad for one in parameters if one.grad is not None]
    if not dist.is_initialized():
        torch._foreach_div_(gradients, float(pieces or 1))
        return share
    flat = torch.cat([torch.tensor([share]), *[one.flatten() for one in gradients]])
    dist.all_reduce(flat)
    average_share = float(flat[0]) / dist.get_world_size()
    flat /= pieces or dist.get_world_size()
    parts = flat[1:].split([one.numel() for one in gradients])
    for gradient, part in zip(gradients, parts, strict=True):
        gradient.copy_(part.view_as(gradient))
    return average_share
