"""The images of one batch key in the order they are served. Pure policy.

Tenants take turns by rows: the one that was served the fewest goes first. Inside a tenant the more
urgent go first, and among equals whoever was served goes to the back. Nobody overtakes.
"""

import heapq
from collections import Counter, deque
from collections.abc import Collection, Iterator
from itertools import chain

from worker.engine.member import Member
from worker.engine.request import Priority


class Line:
    """The tenants of one batch key, and the images of each."""

    def __init__(self) -> None:
        self._queues: dict[str, _Queue] = {}

    def __len__(self) -> int:
        return sum(map(len, self._queues.values()))

    @property
    def num_rows(self) -> int:
        """Rows of a pass with everyone in it."""
        return sum(member.num_rows for queue in self._queues.values() for member in queue)

    @property
    def most_urgent(self) -> dict[str, Priority]:
        """The most urgent priority that each tenant has here."""
        return {tenant: next(iter(queue)).priority for tenant, queue in self._queues.items()}

    def join(self, member: Member) -> None:
        """Put an image behind its equals; a new tenant starts level with the least served."""
        if member.tenant not in self._queues:
            least = min((queue.rows for queue in self._queues.values()), default=0)
            self._queues[member.tenant] = _Queue(least)
        self._queues[member.tenant].append(member)

    def leave(self, member: Member) -> bool:
        """Take an image out; tell whether it was here."""
        queue = self._queues.get(member.tenant)
        if queue is None or not queue.remove(member):
            return False
        if not len(queue):
            del self._queues[member.tenant]
        return True

    def compose(self, max_rows: int, held_back: Collection[str]) -> list[Member]:
        """Choose the next batch without serving it.

        The first in line is always taken, so that an image wider than the budget still runs.

        Args:
            max_rows: The budget.
            held_back: Tenants that do not take part.
        """
        turns = [
            (queue.rows, number, iter(queue))
            for number, (tenant, queue) in enumerate(self._queues.items())
            if tenant not in held_back
        ]
        heapq.heapify(turns)
        batch: list[Member] = []
        rows_left = max_rows
        while turns:
            rows, number, members = turns[0]
            member = next(members, None)
            if member is None:
                heapq.heappop(turns)
                continue
            if batch and member.num_rows > rows_left:
                break
            batch.append(member)
            rows_left -= member.num_rows
            heapq.heapreplace(turns, (rows + member.num_rows, number, members))
        return batch

    def serve(self, batch: list[Member], held_back: Collection[str]) -> None:
        """Send a batch to the back. Who left nobody waiting saves up no turns for later."""
        for member in batch:
            self._queues[member.tenant].serve(member)
        num_served = Counter(member.tenant for member in batch)
        waiting = {
            tenant
            for tenant, queue in self._queues.items()
            if tenant not in held_back and num_served[tenant] < len(queue)
        }
        rows = {tenant: queue.rows for tenant, queue in self._queues.items()}
        level = min((rows[tenant] for tenant in waiting), default=max(rows.values()))
        for tenant in rows.keys() - waiting:
            self._queues[tenant].rows = max(rows[tenant], level)


class _Queue:
    """The images of one tenant.

    Attributes:
        rows: Rows it was served, or would have been had it been here all along.
    """

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self._rings: dict[Priority, deque[Member]] = {one: deque() for one in sorted(Priority)}

    def __len__(self) -> int:
        return sum(map(len, self._rings.values()))

    def __iter__(self) -> Iterator[Member]:
        return chain.from_iterable(self._rings.values())

    def append(self, member: Member) -> None:
        self._rings[member.priority].append(member)

    def remove(self, member: Member) -> bool:
        ring = self._rings[member.priority]
        is_here = member in ring
        if is_here:
            ring.remove(member)
        return is_here

    def serve(self, member: Member) -> None:
        ring = self._rings[member.priority]
        ring.remove(member)
        ring.append(member)
        self.rows += member.num_rows
