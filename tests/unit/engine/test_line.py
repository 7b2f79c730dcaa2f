"""The order inside one batch key, by thousands of random arrivals and leaves."""

import random
from collections import Counter
from collections.abc import Iterator

import pytest

from worker.engine.line import Line
from worker.engine.member import BatchKey, Member
from worker.engine.request import Priority

KEY = BatchKey("a", ((4, 8, 8),), None)
WIDEST = 2
SEEDS = range(5)
NUM_EVENTS = 1500


def images(
    name: str,
    count: int,
    tenant: str,
    priority: Priority = Priority.NORMAL,
    num_rows: int = WIDEST,
) -> list[Member]:
    return [Member(name, index, KEY, num_rows, tenant, priority) for index in range(count)]


def serve(line: Line, max_rows: int) -> list[Member]:
    batch = line.compose(max_rows, ())
    if batch:
        line.serve(batch, ())
    return batch


def fill(line: Line, *groups: list[Member]) -> Line:
    for group in groups:
        for member in group:
            line.join(member)
    return line


def random_life(
    seed: int, line: Line, num_events: int = NUM_EVENTS
) -> Iterator[tuple[random.Random, list[Member]]]:
    """Let generations of six tenants come and go at random; yield who is here after each event."""
    rng = random.Random(seed)
    living: list[list[Member]] = []
    for number in range(num_events):
        if len(living) < 8 and rng.random() < 0.6:
            tenant, priority = f"tenant{rng.randrange(6)}", rng.choice(list(Priority))
            living.append(
                images(f"g{number}", rng.randint(1, 6), tenant, priority, rng.choice([1, WIDEST]))
            )
            fill(line, living[-1])
        elif living:
            for member in living.pop(rng.randrange(len(living))):
                assert line.leave(member)
                assert not line.leave(member)
        yield rng, [member for group in living for member in group]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_batch_keeps_its_budget_and_fills_it(seed: int) -> None:
    line = Line()
    for rng, here in random_life(seed, line):
        max_rows = rng.randint(1, 24)
        batch = serve(line, max_rows)
        rows = sum(member.num_rows for member in batch)
        assert set(batch) <= set(here)
        assert len(set(batch)) == len(batch)
        assert rows <= max_rows or len(batch) == 1
        assert len(batch) == len(here) or rows > max_rows - WIDEST
        assert line.num_rows == sum(member.num_rows for member in here)


@pytest.mark.parametrize("seed", SEEDS)
def test_inside_a_tenant_nobody_goes_before_the_more_urgent(seed: int) -> None:
    line = Line()
    for rng, here in random_life(seed, line):
        batch = serve(line, rng.randint(1, 16))
        for left_out in set(here) - set(batch):
            own = [member.priority for member in batch if member.tenant == left_out.tenant]
            assert left_out.priority >= max(own, default=Priority.HIGH)


@pytest.mark.parametrize("seed", SEEDS)
def test_everyone_is_served_within_a_bound(seed: int) -> None:
    """Before its turn comes again, each tenant is served at most what the image's own one is.

    That is once each of its tenant's images that are no less urgent; while it waits, no more
    urgent ones are there. Every pass but a tenant's widest image is filled by what waits.
    """
    line, max_rows = Line(), 6
    since: dict[Member, tuple[int, set[str], set[Member]]] = {}  # passes, tenants, equals
    served = 0
    for _rng, here in random_life(seed, line):
        batch = serve(line, max_rows)
        for member in here:
            urgent = line.most_urgent[member.tenant]
            if member in batch or member.priority > urgent:
                served += member in batch
                since.pop(member, None)
                continue
            passes, tenants, equals = since.get(member, (0, set(), set()))
            tenants |= {one.tenant for one in here}
            equals |= {
                one
                for one in here
                if one.tenant == member.tenant and one.priority == member.priority
            }
            since[member] = passes + 1, tenants, equals
            own_rows = sum(one.num_rows for one in equals)
            bound = len(tenants) * (own_rows + 2 * WIDEST) / (max_rows - WIDEST + 1)
            assert passes + 1 <= bound + 1
    assert served > NUM_EVENTS  # the bound was put to the test


def test_tenants_share_by_rows_whatever_they_have_waiting() -> None:
    line = fill(
        Line(),
        images("many", 10, "first"),
        images("few", 3, "second", Priority.LOW),
        images("narrow", 9, "third", Priority.HIGH, num_rows=1),
        images("more", 10, "first", Priority.HIGH),
    )
    rows: Counter[str] = Counter()
    for _ in range(300):
        for member in serve(line, 7):
            rows[member.tenant] += member.num_rows
        assert max(rows.values()) - min(rows.values()) <= 2 * WIDEST
    assert sum(rows.values()) >= 300 * 6


def test_equals_take_turns_in_the_order_they_came() -> None:
    line = fill(Line(), images("one", 3, "t", num_rows=1), images("two", 2, "t", num_rows=1))
    order = [member for _ in range(5) for member in serve(line, 2)]
    came = images("one", 3, "t", num_rows=1) + images("two", 2, "t", num_rows=1)
    assert order == came * 2


def test_a_tenant_that_was_away_gets_its_share_and_nothing_more() -> None:
    line = fill(Line(), images("here", 4, "steady"))
    for _ in range(50):
        serve(line, 2)
    fill(line, images("back", 4, "absent"))
    owners = [serve(line, 2)[0].tenant for _ in range(20)]
    assert Counter(owners[:4]) == Counter(owners[-4:]) == Counter(steady=2, absent=2)


def test_a_tenant_with_few_images_saves_up_no_turns() -> None:
    """Its one image runs in every pass, so it is owed nothing when more of it arrive."""
    line = fill(Line(), images("few", 1, "small"), images("many", 9, "large"))
    for _ in range(50):
        assert Counter(member.tenant for member in serve(line, 6))["small"] == 1
    fill(line, images("more", 8, "small"))
    rows = Counter(member.tenant for _ in range(10) for member in serve(line, 6))
    assert abs(rows["small"] - rows["large"]) <= 2


def test_who_is_held_back_waits_and_is_owed_nothing() -> None:
    line = fill(Line(), images("one", 4, "kept"), images("two", 4, "free"))
    for _ in range(20):
        batch = line.compose(4, {"kept"})
        assert {member.tenant for member in batch} == {"free"}
        line.serve(batch, {"kept"})
    tenants = Counter(member.tenant for _ in range(4) for member in serve(line, 4))
    assert tenants == Counter(kept=4, free=4)
    assert line.compose(4, {"kept", "free"}) == []


def test_an_image_wider_than_the_budget_runs_alone() -> None:
    line = fill(Line(), images("wide", 1, "a", num_rows=9), images("narrow", 1, "b", num_rows=1))
    passes = [[member.generation_id for member in serve(line, 4)] for _ in range(12)]
    assert ["wide"] in passes
    assert all(one in (["wide"], ["narrow"], ["narrow", "wide"][:1]) for one in passes)
