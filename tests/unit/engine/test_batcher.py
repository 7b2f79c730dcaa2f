"""The batcher is pure policy, so it is tested by thousands of random arrivals and leaves."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import prod

import pytest

from worker.engine.batcher import Batcher, count_rows
from worker.engine.budget import FixedRowBudget
from worker.engine.member import BatchKey, Member
from worker.engine.profile import Rehearsal
from worker.engine.request import Priority

SHAPES = [(4, 8, 8), (4, 16, 8), (4, 16, 16), (4, 32, 32)]
SEEDS = range(6)
NUM_TICKS = 1000


class AreaBudget:
    """A pass costs some for itself and more for each row, by its area; wide latents are few."""

    def learn(self, key: BatchKey, rehearsal: Rehearsal) -> None: ...

    def find_lack(self, key: BatchKey, held_bytes: int) -> str | None:  # noqa: ARG002
        return None

    def max_rows(self, key: BatchKey) -> int:
        return max(1, 2048 // prod(key.shape[0]))

    def cost(self, key: BatchKey, num_rows: int) -> float:
        return 64 + num_rows * prod(key.shape[0])


BUDGET = AreaBudget()


def new_key(shape: tuple[int, ...] = SHAPES[0], alone: str | None = None) -> BatchKey:
    return BatchKey("a", (shape,), alone)


def generation(
    name: str,
    key: BatchKey,
    count: int = 1,
    tenant: str | None = None,
    priority: Priority = Priority.NORMAL,
) -> list[Member]:
    return [Member(name, index, key, 2, tenant or name, priority) for index in range(count)]


def make_batcher(*groups: list[Member]) -> Batcher:
    batcher = Batcher(BUDGET)
    for group in groups:
        for member in group:
            batcher.join(member)
    return batcher


@dataclass
class Tick:
    """What a tick chose, and who could have been chosen."""

    batch: list[Member]
    here: list[Member]

    @property
    def key(self) -> BatchKey:
        return self.batch[0].key

    @property
    def cost(self) -> float:
        return BUDGET.cost(self.key, count_rows(self.batch))

    @property
    def urgent(self) -> set[Member]:
        """Those than whom their tenant has nothing more urgent."""
        best = {
            tenant: min(one.priority for one in self.here if one.tenant == tenant)
            for tenant in {member.tenant for member in self.here}
        }
        return {member for member in self.here if member.priority == best[member.tenant]}


@dataclass
class Crowd:
    """Generations that come and go at random: three models' worth of keys, four tenants."""

    seed: int
    batcher: Batcher = field(default_factory=lambda: Batcher(BUDGET))
    living: list[list[Member]] = field(default_factory=list)

    def ticks(self, num_ticks: int = NUM_TICKS) -> Iterator[Tick]:
        rng = random.Random(self.seed)
        for number in range(num_ticks):
            while len(self.living) < 10 and rng.random() < 0.25:
                self.arrive(rng, f"g{number}.{len(self.living)}")
            if self.living and rng.random() < 0.12:
                for member in self.living.pop(rng.randrange(len(self.living))):
                    self.batcher.leave(member)
                    self.batcher.leave(member)
            here = [member for group in self.living for member in group]
            if batch := self.batcher.next_batch():
                yield Tick(batch, here)
            else:
                assert not here

    def arrive(self, rng: random.Random, name: str) -> None:
        key = BatchKey(
            rng.choice("ab"), (rng.choice(SHAPES),), name if rng.random() < 0.1 else None
        )
        count, rows = rng.randint(1, 6), rng.choice([1, 2])
        tenant, priority = rng.choice("wxyz"), rng.choice(list(Priority))
        self.living.append(
            [Member(name, index, key, rows, tenant, priority) for index in range(count)]
        )
        for member in self.living[-1]:
            self.batcher.join(member)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_batch_keeps_its_budget_its_key_and_each_member_once(seed: int) -> None:
    for tick in Crowd(seed).ticks():
        rows = count_rows(tick.batch)
        assert rows <= BUDGET.max_rows(tick.key) or len(tick.batch) == 1
        assert {member.key for member in tick.batch} == {tick.key}
        assert len(set(tick.batch)) == len(tick.batch)
        assert set(tick.batch) <= set(tick.here)
        if tick.key.alone:
            assert {member.generation_id for member in tick.batch} == {tick.key.alone}


@pytest.mark.parametrize("seed", SEEDS)
def test_priority_orders_a_tenant_and_nobody_else(seed: int) -> None:
    for tick in Crowd(seed).ticks():
        for member in tick.batch:
            own = {one for one in tick.urgent if one.tenant == member.tenant}
            ahead = {
                one
                for one in tick.here
                if one.key == tick.key
                and one.tenant == member.tenant
                and one.priority < member.priority
            }
            assert any(one.key == tick.key for one in own)  # nothing more urgent in other keys
            assert ahead <= set(tick.batch)  # nor left out of this one


@pytest.mark.parametrize("seed", SEEDS)
def test_every_key_is_served_within_a_bound(seed: int) -> None:
    """Less than two quanta of every other key, as much again of new ones, and the last of those."""
    waited: dict[BatchKey, float] = {}
    others: dict[BatchKey, set[BatchKey]] = {}
    quantum = max(BUDGET.cost(new_key(shape), BUDGET.max_rows(new_key(shape))) for shape in SHAPES)
    longest = 0.0
    for tick in Crowd(seed).ticks():
        waiting = {member.key for member in tick.urgent} - {tick.key}
        waited = {key: waited.get(key, 0) + tick.cost for key in waiting}
        others = {
            key: others.get(key, set()) | {member.key for member in tick.here} - {key}
            for key in waiting
        }
        for key in waiting:
            assert waited[key] < quantum * (2 * 2 * len(others[key]) + 1)
        longest = max(longest, *waited.values(), 0)
    assert longest > quantum


def test_keys_of_different_cost_get_the_same_compute() -> None:
    """By any tick they differ by less than two quanta, and by the first pass each had when new."""
    groups = [generation(f"{shape}", new_key(shape), 3) for shape in SHAPES]
    batcher = make_batcher(*groups)
    quantum = max(BUDGET.cost(new_key(shape), 6) for shape in SHAPES)
    spent: Counter[BatchKey] = Counter()
    passes: Counter[BatchKey] = Counter()
    for _ in range(4000):
        batch = batcher.next_batch()
        spent[batch[0].key] += int(BUDGET.cost(batch[0].key, count_rows(batch)))
        passes[batch[0].key] += 1
        assert max(spent.values()) - min(spent[group[0].key] for group in groups) < 3 * quantum
    assert min(spent.values()) > 0.99 * max(spent.values())
    assert passes[groups[0][0].key] > 5 * passes[groups[-1][0].key]


def test_a_fixed_budget_lets_keys_take_turns_pass_by_pass() -> None:
    batcher = Batcher(FixedRowBudget(rows=4))
    for shape in SHAPES:
        batcher.join(*generation(f"{shape}", new_key(shape)))
    turns = [batcher.next_batch()[0].key for _ in range(40)]
    for first in range(0, 40, len(SHAPES)):
        assert set(turns[first : first + len(SHAPES)]) == {new_key(shape) for shape in SHAPES}


def test_a_new_key_is_served_in_the_next_tick() -> None:
    batcher = make_batcher(*(generation(f"{shape}", new_key(shape), 2) for shape in SHAPES[:3]))
    for _ in range(20):
        batcher.next_batch()
    (new,) = generation("new", new_key(SHAPES[3]))
    batcher.join(new)
    assert batcher.next_batch() == [new]


def test_no_end_of_new_keys_starves_an_old_one() -> None:
    """They come one by one, each leaves after a step: a turn in two, and the half beside turns."""
    old = generation("old", new_key())
    batcher = make_batcher(old, generation("new", new_key(SHAPES[2], "0")))
    spent = Counter(old=0, new=0)
    for number in range(1, 1000):
        batch = batcher.next_batch()
        name = batch[0].generation_id
        spent[name] += int(BUDGET.cost(batch[0].key, count_rows(batch)))
        if name == "new":
            batcher.leave(batch[0])
            batcher.join(*generation("new", new_key(SHAPES[2], f"{number}")))
        assert spent["new"] <= 3 * spent["old"] + 2 * BUDGET.cost(new_key(SHAPES[2]), 2)
    assert spent["old"] > 0


def test_the_less_urgent_of_a_tenant_wait_even_in_a_key_of_their_own() -> None:
    low, normal = new_key(SHAPES[1]), new_key(SHAPES[0])
    patient = generation("patient", low, tenant="t", priority=Priority.LOW)
    stranger = generation("stranger", low, tenant="u", priority=Priority.LOW)
    urgent = generation("urgent", normal, tenant="t")
    batcher = make_batcher(patient, stranger, urgent)
    served = {member.generation_id for _ in range(30) for member in batcher.next_batch()}
    assert served == {"stranger", "urgent"}
    batcher.leave(urgent[0])
    assert {member.generation_id for member in batcher.next_batch()} == {"patient", "stranger"}


@pytest.mark.parametrize("seed", SEEDS)
def test_who_left_never_runs_again_and_an_empty_batcher_rests(seed: int) -> None:
    crowd = Crowd(seed)
    for tick in crowd.ticks(200):
        assert tick.batch
    while crowd.living:
        gone = crowd.living.pop()
        for member in gone:
            crowd.batcher.leave(member)
        for _ in range(3):
            assert not set(gone) & set(crowd.batcher.next_batch())
    assert crowd.batcher.next_batch() == []
