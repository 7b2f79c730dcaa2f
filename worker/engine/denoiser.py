"""A denoiser as it is run: compiled, recorded, with the attention of choice."""

import logging
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

from worker.engine.pass_recorder import PassRecorder, record_on_cuda
from worker.engine.tuning import Attention, Compile, Tuning

_log = logging.getLogger(__name__)

KERNELS = {
    Attention.FLASH: SDPBackend.FLASH_ATTENTION,
    Attention.EFFICIENT: SDPBackend.EFFICIENT_ATTENTION,
    Attention.CUDNN: SDPBackend.CUDNN_ATTENTION,
    Attention.MATH: SDPBackend.MATH,
}
# Of the classes that do not say themselves which of their blocks repeat.
REPEATED_BLOCKS = {"SD3Transformer2DModel": ["JointTransformerBlock"]}


class Denoiser:
    """Runs a network of diffusers under some tuning.

    Args:
        network: On its device.
    """

    def __init__(self, network: Any, tuning: Tuning) -> None:  # noqa: ANN401 - diffusers is untyped
        self._network = network
        self._kernel = KERNELS.get(tuning.attention)
        self._recorder: PassRecorder | None = None
        if tuning.channels_last:
            network.to(memory_format=torch.channels_last)
        if tuning.compile == Compile.REGIONAL:
            _compile_blocks(network)
        if tuning.cuda_graphs and network.device.type == "cuda":
            self._recorder = PassRecorder(self._run, record_on_cuda)
        elif tuning.cuda_graphs:
            _log.warning("CUDA graphs are asked for and not there on %s", network.device)

    def __call__(self, *inputs: torch.Tensor, **named: Any) -> torch.Tensor:  # noqa: ANN401
        """Run the network once.

        Args:
            inputs: As it takes them by place; the first is (B, ...).
            named: As it takes them by name: tensors, and dictionaries of them.

        Returns:
            What it predicts, (B, ...).
        """
        return (self._recorder or self._run)(*inputs, **named)

    def _run(self, *inputs: torch.Tensor, **named: Any) -> torch.Tensor:  # noqa: ANN401
        with self._attend():
            predicted: torch.Tensor = self._network(*inputs, **named, return_dict=False)[0]
        return predicted

    def _attend(self) -> AbstractContextManager[None]:
        if self._kernel is None:
            return nullcontext()
        return sdpa_kernel([self._kernel, SDPBackend.MATH])


def _compile_blocks(network: Any) -> None:  # noqa: ANN401
    """Compile what repeats: as fast as the whole, and compiled in a fraction of the time."""
    blocks = REPEATED_BLOCKS.get(type(network).__name__)
    if blocks is not None:
        network._repeated_blocks = blocks  # noqa: SLF001 - where diffusers looks for them
    network.compile_repeated_blocks(dynamic=True)  # a batch is as wide as it happens to be
