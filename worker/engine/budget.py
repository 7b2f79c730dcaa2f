"""How wide a forward pass may be, and what it costs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from worker.engine.member import BatchKey


class RowBudget(Protocol):
    """How wide a forward pass of each batch key may be."""

    def learn(self, key: BatchKey, run_pass: Callable[[int], None]) -> None:
        """Find out about a key before it is used; one that is known costs nothing.

        Args:
            key: Of a generation that is about to run.
            run_pass: Runs a pass of so many rows to its end.
        """
        ...

    def max_rows(self, key: BatchKey) -> int:
        """Return the most rows of one forward pass."""
        ...

    def cost(self, key: BatchKey, num_rows: int) -> float:
        """Return what a pass costs, in a unit that all keys share."""
        ...

    def observe(self, key: BatchKey, num_rows: int, seconds: float) -> None:
        """Hear how long a pass took that came through."""
        ...

    def halve(self, key: BatchKey, num_rows: int) -> None:
        """Hear that the device had no memory for a pass."""
        ...


@dataclass(frozen=True, slots=True)
class FixedRowBudget:
    """The same width and cost for every key: keys take turns pass by pass."""

    rows: int

    def learn(self, key: BatchKey, run_pass: Callable[[int], None]) -> None:
        """Know it already."""

    def max_rows(self, key: BatchKey) -> int:  # noqa: ARG002 - the protocol's other budgets need it
        """Return the one width."""
        return self.rows

    def cost(self, key: BatchKey, num_rows: int) -> float:  # noqa: ARG002 - likewise
        """Return the one cost."""
        return 1.0

    def observe(self, key: BatchKey, num_rows: int, seconds: float) -> None:
        """Learn nothing."""

    def halve(self, key: BatchKey, num_rows: int) -> None:
        """Stay as wide: the engine halves the pass itself."""
