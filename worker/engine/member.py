"""An image of a running generation, as the batcher sees it."""

from dataclasses import dataclass

from worker.engine.request import Priority


@dataclass(frozen=True, slots=True)
class BatchKey:
    """Images with equal keys may share a forward pass.

    Attributes:
        shape: Of the latents and of what the denoiser is told beside them, for one row.
        alone: The one generation that may use this key; None lets strangers share it.
    """

    model: str
    shape: tuple[tuple[int, ...], ...]
    alone: str | None


@dataclass(frozen=True, slots=True)
class Member:
    """One image of a running generation.

    Attributes:
        index: Which of the generation's images.
        num_rows: Rows it takes in a forward pass.
        tenant: Whose turns it shares.
    """

    generation_id: str
    index: int
    key: BatchKey
    num_rows: int
    tenant: str
    priority: Priority
