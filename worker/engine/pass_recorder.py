"""Forward passes recorded once for each shape and played back: nothing is launched one by one.

What plays back reads and writes the same memory each time, so inputs are copied there and the
output is copied away.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils._pytree import tree_flatten, tree_unflatten

Run = Callable[..., torch.Tensor]
MAX_RECORDINGS = 32
WARM_UPS = 3


@dataclass(frozen=True, slots=True)
class Recording:
    """A pass that can be played back.

    Attributes:
        replay: Computes `output` from the inputs it was recorded with, where they lie.
    """

    replay: Callable[[], None]
    output: torch.Tensor


Record = Callable[[Callable[[], torch.Tensor]], Recording]


class PassRecorder:
    """Plays back the pass of a shape that was run before.

    Args:
        run: The pass.
        record: Records a call of it, whose inputs stay where they are.
    """

    def __init__(self, run: Run, record: Record) -> None:
        self._run = run
        self._record = record
        self._kept: OrderedDict[Hashable, tuple[list[torch.Tensor], Recording]] = OrderedDict()

    def __call__(self, *inputs: torch.Tensor, **named: Any) -> torch.Tensor:  # noqa: ANN401
        """Return what the pass returns for inputs of any shape, all of them tensors."""
        leaves, structure = tree_flatten((inputs, named))
        key = str(structure), tuple((tuple(leaf.shape), leaf.dtype) for leaf in leaves)
        if key not in self._kept:
            self._kept[key] = self._new_recording(leaves, structure)
            if len(self._kept) > MAX_RECORDINGS:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        places, recording = self._kept[key]
        for place, leaf in zip(places, leaves, strict=True):
            place.copy_(leaf)
        recording.replay()
        return recording.output.clone()

    def _new_recording(
        self,
        leaves: list[torch.Tensor],
        structure: Any,  # noqa: ANN401 - torch's own
    ) -> tuple[list[torch.Tensor], Recording]:
        places = [leaf.clone() for leaf in leaves]
        inputs, named = tree_unflatten(places, structure)
        return places, self._record(lambda: self._run(*inputs, **named))


def record_on_cuda(run: Callable[[], torch.Tensor]) -> Recording:
    """Record a pass as a CUDA graph; what it returns, (B, C, H/8, W/8), is written anew each time.

    Source: "CUDA Graphs" of PyTorch's notes on CUDA semantics.
    """
    aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        for _ in range(WARM_UPS):  # libraries choose their kernels at the first passes
            run()
    torch.cuda.current_stream().wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        output = run()
    return Recording(graph.replay, output)
