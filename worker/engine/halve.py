"""Work that memory ran out for, done again in halves."""

from collections.abc import Callable
from typing import TypeVar

import torch

from worker.engine.memory import is_out_of_memory

T = TypeVar("T")


def run_in_halves(
    run: Callable[[slice], T], stop: int, on_out_of_memory: Callable[[int], None], start: int = 0
) -> list[T]:
    """Run over a range, and where memory runs out over its halves, down to one at a time.

    Args:
        run: Changes nothing when it raises.
        stop: End of the range.
        on_out_of_memory: Told of how many there was no memory for, once their halves came through:
            a single one that asks for too much says nothing about the others.
        start: Where the range begins.

    Returns:
        What `run` returned of each part, in order.

    Raises:
        RuntimeError: There is no memory for a single one.
    """
    try:
        return [run(slice(start, stop))]
    except Exception as error:
        if stop - start <= 1 or not is_out_of_memory(error):
            raise
    # Past the handler, which held on to the tensors of the pass that failed.
    torch.cuda.empty_cache()  # nothing where CUDA is not in use
    middle = (start + stop) // 2
    parts = run_in_halves(run, middle, on_out_of_memory, start)
    parts += run_in_halves(run, stop, on_out_of_memory, middle)
    on_out_of_memory(stop - start)
    return parts
