"""Settings of speed: how a denoiser is run, never what it computes."""

from dataclasses import dataclass
from enum import StrEnum


class Attention(StrEnum):
    """Which of torch's kernels computes attention."""

    DEFAULT = "default"
    FLASH = "flash"
    EFFICIENT = "efficient"
    CUDNN = "cudnn"
    MATH = "math"


class Compile(StrEnum):
    """What of a denoiser is compiled."""

    OFF = "off"
    REGIONAL = "regional"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """Attributes that name what is done to every denoiser.

    Attributes:
        compile: Whether its repeated blocks are compiled, at the first pass of each.
        cuda_graphs: Record a pass of each shape and play it back; on CUDA alone.
        channels_last: Lay pictures out in memory with the channels last.
        attention: The kernel; where it cannot, torch's plain one.
    """

    compile: Compile = Compile.OFF
    cuda_graphs: bool = False
    channels_last: bool = False
    attention: Attention = Attention.DEFAULT


PLAIN = Tuning()
