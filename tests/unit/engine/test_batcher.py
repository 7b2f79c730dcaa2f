"""The batcher is pure policy, so it is tested by random arrivals."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from worker.engine.batcher import Batcher, BatchKey, FixedRowBudget, Member
from worker.engine.request import Priority

SHAPES = [(4, 8, 8), (4, 16, 16), (4, 16, 8)]


@st.composite
def generations(draw: st.DrawFn) -> list[list[Member]]:
    """Up to 12 generations of up to 10 images, over three shapes, some alone."""
    made = []
    for number in range(draw(st.integers(1, 12))):
        name = f"gen{number}"
        key = BatchKey(
            model=draw(st.sampled_from(["a", "b"])),
            shape=(draw(st.sampled_from(SHAPES)),),
            alone=name if draw(st.integers(0, 5)) == 0 else None,
        )
        num_rows = draw(st.sampled_from([1, 2]))
        images = range(draw(st.integers(1, 10)))
        made.append([Member(name, index, key, num_rows, name, Priority.NORMAL) for index in images])
    return made


@given(generations(), st.integers(1, 24))
def test_a_batch_keeps_its_budget_its_key_and_each_member_once(
    made: list[list[Member]], rows: int
) -> None:
    batcher = _batcher(made, rows)
    for _tick in range(30):
        batch = batcher.next_batch()
        assert sum(member.num_rows for member in batch) <= rows or len(batch) == 1
        assert len({member.key for member in batch}) == 1
        assert len(set(batch)) == len(batch)


@given(generations(), st.integers(2, 24))
def test_a_batch_leaves_no_room_that_the_next_in_line_would_fill(
    made: list[list[Member]], rows: int
) -> None:
    members = [member for images in made for member in images]
    batch = _batcher(made, rows).next_batch()
    waiting = [member for member in members if member.key == batch[0].key and member not in batch]
    if waiting:
        assert sum(member.num_rows for member in batch) + waiting[0].num_rows > rows


@given(generations(), st.integers(2, 24), st.data())
def test_everyone_runs_again_within_a_bound_while_others_come_and_go(
    made: list[list[Member]], rows: int, data: st.DataObject
) -> None:
    """A key waits for the other keys at most; a member for the turns of those ahead in its key."""
    members = [member for images in made for member in images]
    keys = {member.key for member in members}
    turns = {key: sum(member.key == key for member in members) for key in keys}
    batcher, later, waited = Batcher(FixedRowBudget(rows)), list(made), dict[Member, int]()
    coin: Any = st.booleans()
    for _tick in range(60):
        if later and (not waited or data.draw(coin)):
            for member in later.pop():
                batcher.join(member)
                waited[member] = 0
        batch = batcher.next_batch()
        for member in waited:
            waited[member] = 0 if member in batch else waited[member] + 1
            assert waited[member] <= len(keys) * turns[member.key]


@given(generations(), st.integers(2, 24))
def test_in_a_full_round_everyone_in_a_key_is_served_alike(
    made: list[list[Member]], rows: int
) -> None:
    batcher = _batcher(made, rows)
    served: dict[Member, int] = {member: 0 for images in made for member in images}
    for _tick in range(60):
        for member in batcher.next_batch():
            served[member] += 1
    for key in {member.key for member in served}:
        counts = [count for member, count in served.items() if member.key == key]
        assert max(counts) - min(counts) <= 1


@given(generations())
def test_who_left_never_runs_again_and_an_empty_batcher_rests(made: list[list[Member]]) -> None:
    batcher = _batcher(made, 8)
    for images in made:
        for member in images:
            batcher.leave(member)
            batcher.leave(member)
            assert member not in batcher.next_batch()
    assert batcher.next_batch() == []


def _batcher(made: list[list[Member]], rows: int) -> Batcher:
    batcher = Batcher(FixedRowBudget(rows))
    for images in made:
        for member in images:
            batcher.join(member)
    return batcher
