"""Which images share this tick's forward pass. Pure policy: no tensor is seen here.

Batch keys take turns by compute, not by passes: a pass of large latents costs as much as many of
small ones. Inside a key its `line` decides. Of each tenant only the most urgent images run: where
it has one that is more urgent, in whatever key, its others wait or fill rows of the same pass.

Source: Shreedhar and Varghese 1995, "Efficient fair queueing using deficit round robin". A quantum
is the dearest pass. Keys that always have images are served alike but for two quanta, and each
waits for less than two quanta of every other. Beside their turn, keys that are new go first, so
that a first step comes at once: with up to half of the compute, so that the rest waits at most
twice as long.
"""

from collections import Counter

from worker.engine.budget import RowBudget
from worker.engine.line import Line
from worker.engine.member import BatchKey, Member
from worker.engine.request import Priority


class Batcher:
    """A ring of batch keys, and in each a line of images."""

    def __init__(self, budget: RowBudget) -> None:
        self._budget = budget
        self._lines: dict[BatchKey, Line] = {}  # a ring: the first one's turn it is
        self._deficits: dict[BatchKey, float] = {}
        self._is_granted = False  # whether the first one got its quantum
        self._new: dict[BatchKey, None] = {}  # those not served yet, the oldest first
        self._ahead = 0.0  # what new keys were served before their turn and others not yet since
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
        key = self._choose({one: count_rows(batch) for one, batch in batches.items()})
        self._lines[key].serve(batches[key], held_back[key])
        return batches[key]

    def _held_back(self, line: Line) -> set[str]:
        """Return the tenants of a line that have something more urgent in another."""
        return {
            tenant
            for tenant, priority in line.most_urgent.items()
            if priority > min(self._priorities[tenant])
        }

    def _choose(self, num_rows: dict[BatchKey, int]) -> BatchKey:
        """Choose among the keys that have a batch, each of so many rows."""
        new = next((key for key in self._new if key in num_rows), None)
        if new is not None and len(num_rows) > 1 and self._ahead <= 0:
            key = new
            self._ahead += self._budget.cost(key, num_rows[key])
            self._send_back(key)
        else:
            key = self._take_turn(num_rows)
            cost = self._budget.cost(key, num_rows[key])
            self._deficits[key] -= cost
            self._ahead = max(0.0, self._ahead - cost)
        self._new.pop(key, None)
        return key

    def _take_turn(self, num_rows: dict[BatchKey, int]) -> BatchKey:
        """Turn the ring to the first key that can afford its batch."""
        quantum = max(self._dearest_pass(key, rows) for key, rows in num_rows.items())
        while True:  # at most two rounds: with its quantum, a key can afford any pass
            key = next(iter(self._lines))
            if key not in num_rows:
                self._deficits[key] = 0.0
            elif not self._is_granted:
                self._deficits[key] += quantum
                self._is_granted = True
            if key in num_rows and self._deficits[key] >= self._budget.cost(key, num_rows[key]):
                return key
            self._send_back(key)

    def _send_back(self, key: BatchKey) -> None:
        if key == next(iter(self._lines)):
            self._is_granted = False
        self._lines[key] = self._lines.pop(key)

    def _dearest_pass(self, key: BatchKey, num_rows: int) -> float:
        """Return the cost of the widest pass of a key as long as nobody joins or leaves it."""
        fullest = min(self._lines[key].num_rows, self._budget.max_rows(key))
        return self._budget.cost(key, max(num_rows, fullest))

    def _remove(self, key: BatchKey) -> None:
        self._send_back(key)
        del self._lines[key], self._deficits[key]
        self._new.pop(key, None)


def count_rows(batch: list[Member]) -> int:
    """Return the rows of a forward pass over a batch."""
    return sum(member.num_rows for member in batch)
