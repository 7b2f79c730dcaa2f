"""Which images share this tick's forward pass. Pure policy: no tensor is seen here.

Batch keys take turns, and inside a key its images do: whoever was served goes to the back, nobody
overtakes. So an image waits at most for those that stood before it.
"""

from collections import deque
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class BatchKey:
    """Images with equal keys may share a forward pass.

    Attributes:
        alone: The one generation that may use this key; None lets strangers share it.
    """

    model: str
    latent_shape: tuple[int, ...]
    alone: str | None


@dataclass(frozen=True, slots=True)
class Member:
    """One image of a running generation.

    Attributes:
        index: Which of the generation's images.
        num_rows: Rows it takes in a forward pass.
    """

    generation_id: str
    index: int
    key: BatchKey
    num_rows: int


class RowBudget(Protocol):
    """How wide a forward pass may be."""

    def max_rows(self, key: BatchKey) -> int:
        """Return the most rows of one forward pass of this key."""
        ...


@dataclass(frozen=True, slots=True)
class FixedRowBudget:
    """The same width for every key."""

    rows: int

    def max_rows(self, key: BatchKey) -> int:  # noqa: ARG002 - the protocol's other budgets need it
        """Return the one width."""
        return self.rows


class Batcher:
    """A ring of batch keys, and in each a ring of images."""

    def __init__(self, budget: RowBudget) -> None:
        self._budget = budget
        self._rings: dict[BatchKey, deque[Member]] = {}  # in the order of their turns

    def join(self, member: Member) -> None:
        """Let an image take part from the next batch on."""
        self._rings.setdefault(member.key, deque()).append(member)

    def leave(self, member: Member) -> None:
        """Take an image out; one that left before is no error."""
        ring = self._rings.get(member.key, deque())
        if member in ring:
            ring.remove(member)
        if not ring:
            self._rings.pop(member.key, None)

    def next_batch(self) -> list[Member]:
        """Choose the images of the next forward pass and send them to the back of their ring.

        The first in line is always taken, so that an image wider than the budget still runs.
        """
        if not self._rings:
            return []
        key, ring = next(iter(self._rings.items()))
        batch = [ring.popleft()]
        rows_left = self._budget.max_rows(key) - batch[0].num_rows
        while ring and ring[0].num_rows <= rows_left:
            batch.append(ring.popleft())
            rows_left -= batch[-1].num_rows
        ring.extend(batch)
        self._rings[key] = self._rings.pop(key)
        return batch
