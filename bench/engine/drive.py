"""Clients: many that always have one ask outstanding, or asks that arrive when they arrive."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace

import httpx

from bench.engine.workloads import Ask, Workload

PATIENCE_S = 600


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one ask; all times on the machine's monotonic clock.

    Attributes:
        due_s: When it was to be sent, which a late client does not excuse.
        share: How much of the work was done, 0 to 1.
    """

    ask: Ask
    due_s: float
    started_s: float
    ended_s: float
    answered_s: float
    share: float

    @property
    def latency_s(self) -> float:
        """From when it was due to its picture."""
        return self.answered_s - self.due_s


def saturate(
    url: str, workload: Workload, seed: int, outstanding: int, window: tuple[float, float]
) -> tuple[list[Outcome], tuple[float, float]]:
    """Keep a number of asks outstanding, for the seconds to warm up and those that count.

    Returns:
        All outcomes, and begin and end of the time that counts.
    """
    begin_s = time.monotonic() + window[0]
    end_s = begin_s + window[1]
    asks = workload.draw(seed)

    async def keep_asking(client: httpx.AsyncClient) -> list[Outcome]:
        outcomes = []
        while time.monotonic() < end_s:
            ask = replace(next(asks), expires_at_s=end_s)
            outcomes.append(await _ask(client, ask, time.monotonic()))
        return outcomes

    async def everyone() -> list[Outcome]:
        async with _client(url) as client:
            each = await asyncio.gather(*(keep_asking(client) for _ in range(outstanding)))
        return [outcome for outcomes in each for outcome in outcomes]

    return asyncio.run(everyone()), (begin_s, end_s)


def replay(url: str, asks: Sequence[Ask], arrivals_s: Sequence[float]) -> list[Outcome]:
    """Send each ask at its time, whatever became of the others, and wait for all."""

    async def everyone() -> list[Outcome]:
        async with _client(url) as client:
            begin_s = time.monotonic() + 0.1
            return await asyncio.gather(
                *(
                    _ask(client, ask, begin_s + at_s)
                    for ask, at_s in zip(asks, arrivals_s, strict=False)
                )
            )

    return asyncio.run(everyone())


def work_rate(
    outcomes: Sequence[Outcome], window: tuple[float, float], cost_s: Callable[[Ask], float]
) -> float:
    """Return seconds of bare pipeline done per second inside a window.

    What was begun before it or ended after it counts by the part of its time inside.
    """
    begin_s, end_s = window
    done_s = 0.0
    for one in outcomes:
        inside_s = min(one.ended_s, end_s) - max(one.started_s, begin_s)
        if inside_s > 0:
            whole_s = max(one.ended_s - one.started_s, 1e-9)
            done_s += one.share * cost_s(one.ask) * inside_s / whole_s
    return done_s / (end_s - begin_s)


def _client(url: str) -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    return httpx.AsyncClient(base_url=url, timeout=PATIENCE_S, limits=limits)


async def _ask(client: httpx.AsyncClient, ask: Ask, due_s: float) -> Outcome:
    await asyncio.sleep(max(0.0, due_s - time.monotonic()))
    answer = (await client.post("/generate", json=asdict(ask))).raise_for_status().json()
    return Outcome(
        ask=ask,
        due_s=due_s,
        started_s=answer["started_s"],
        ended_s=answer["ended_s"],
        answered_s=time.monotonic(),
        share=answer["share"],
    )
