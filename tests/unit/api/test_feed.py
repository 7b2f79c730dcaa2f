"""A feed: nothing is told twice, nothing grows, nothing is lost without a gap."""

import asyncio

from api.feed import MAX_PENDING, Feed, StreamEvent


def event(number: int) -> StreamEvent:
    return StreamEvent(f"{number}-0", "progress", {"step": number})


def test_events_arrive_together_and_once() -> None:
    async def run() -> None:
        feed = Feed()
        feed.offer(event(1))
        feed.offer(event(2))
        arrival = await feed.next_arrival(1)
        assert arrival is not None
        assert [one.id for one in arrival.events] == ["1-0", "2-0"]
        assert not arrival.has_gap
        assert await feed.next_arrival(0.01) is None

    asyncio.run(run())


def test_too_many_events_become_a_gap() -> None:
    async def run() -> None:
        feed = Feed()
        for number in range(MAX_PENDING + 1):
            feed.offer(event(number))
        arrival = await feed.next_arrival(1)
        assert arrival is not None
        assert arrival.has_gap
        assert arrival.events == []
        feed.offer(event(99))
        later = await feed.next_arrival(1)
        assert later is not None
        assert not later.has_gap

    asyncio.run(run())


def test_an_end_wakes_the_reader() -> None:
    async def run() -> None:
        feed = Feed()
        asyncio.get_running_loop().call_later(0.01, feed.end)
        arrival = await feed.next_arrival(30)
        assert arrival is not None
        assert arrival.has_ended

    asyncio.run(run())
