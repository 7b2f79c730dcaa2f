"""Which images share this tick's forward pass. Pure policy: no tensor is seen here.

Batch keys take turns by compute, not by passes: a pass of large latents costs as much as many of
small ones. Inside a key its `line` decides. Of each tenant only the most urgent images run: where
it has one that is more urgent, in whatever key, its others wait or fill rows of the same pass.

Source: Shreedhar and Varghese 1995, "Efficient fair queueing using deficit round robin". While a
key has images, what it is served differs from any other's by at most two quanta, and it waits for
less than two quanta of each other key. A quantum is the dearest pass. Beside their turn, keys that
are new go first, so that a first step comes at once; they use up to half of the compute for it.
"""

from collections import Counter

from worker.engine.budget import FixedRowBudget as FixedRowBudget
from worker.engine.budget import RowBudget as RowBudget
from worker.engine.line import Line
from worker.engine.member import BatchKey as BatchKey
from worker.engine.member import Member as Member
from worker.engine.request import Priority


class Batcher:
    """A ring of batch keys, and in each a line of images."""

    def __init__(self, budget: RowBudget) -> None:
        self._budget = budget
        self._lines: dict[BatchKey, Line] = {}  # a ring: the first one's turn it is
        self._deficits: dict[BatchKey, float] = {}
        self._is_granted = False  # whether the first one got its quantum
        self._new: dict[BatchKey, None] = {}  # those not served yet, the oldest first
        self._ahead = 0.0  # what new keys were served ahead of the others
        self._priorities: dict[str, Counter[Priority]] = {}

    def join(self, member: Member) -> None:
        """Let an image take part from the next batch on."""
        if member.key not in self._lines:
            self._lines[member.key] = Line()
            self._deficits[member.key] = 0.0
            self._new[member.key] = None
        self._lines[member.key].join(member)
        self._priorities.setdefault(member.tenant, Counter())[member.priority] += 1

    def leave(self, member: Member) -> None:
        """Take an image out; one that left before is no error."""
        line = self._lines.get(member.key)
        if line is None or not line.leave(member):
            return
        self._priorities[member.tenant] -= Counter([member.priority])
        if not self._priorities[member.tenant]:
            del self._priorities[member.tenant]
        if not len(line):
            self._remove(member.key)

    def next_batch(self) -> list[Member]:
        """Choose the images of the next forward pass and send them to the back of their line."""
        held_back = {key: self._held_back(line) for key, line in self._lines.items()}
        batches = {
            key: batch
            for key, line in self._lines.items()
            if (batch := line.compose(self._budget.max_rows(key), held_back[key]))
        }
        if not batches:
            return []
        key = self._choose({one: self._cost(batch) for one, batch in batches.items()})
        self._lines[key].serve(batches[key], held_back[key])
        return batches[key]

    def _held_back(self, line: Line) -> set[str]:
        """Return the tenants of a line that have something more urgent in another."""
        return {
            tenant
            for tenant, priority in line.most_urgent.items()
            if priority > min(self._priorities[tenant])
        }

    def _cost(self, batch: list[Member]) -> float:
        return self._budget.cost(batch[0].key, sum(member.num_rows for member in batch))

    def _choose(self, costs: dict[BatchKey, float]) -> BatchKey:
        """Choose the key to be served and charge it.

        Args:
            costs: Of each key that has a batch, what that batch costs.
        """
        new = next((key for key in self._new if key in costs), None)
        if new is not None and len(costs) > 1 and self._ahead <= 0:
            self._ahead += costs[new]
        else:
            new = self._take_turn(costs)
            self._ahead = max(0.0, self._ahead - costs[new])
        self._deficits[new] -= costs[new]
        self._new.pop(new, None)
        return new

    def _take_turn(self, costs: dict[BatchKey, float]) -> BatchKey:
        """Turn the ring to the first key that can afford its batch."""
        quantum = max(costs.values())
        while True:  # each round brings every key a quantum nearer to what it can afford
            key = next(iter(self._lines))
            if key in costs and not self._is_granted:
                self._deficits[key] += quantum
                self._is_granted = True
            if key in costs and self._deficits[key] >= costs[key]:
                return key
            if key not in costs:
                self._deficits[key] = min(0.0, self._deficits[key])
            self._lines[key] = self._lines.pop(key)
            self._is_granted = False

    def _remove(self, key: BatchKey) -> None:
        if key == next(iter(self._lines)):
            self._is_granted = False
        del self._lines[key], self._deficits[key]
        self._new.pop(key, None)
