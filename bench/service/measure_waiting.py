"""How `GET /healthz` answers beside 500 clients that wait for their jobs."""

import asyncio
import time

import httpx

from bench.report import Figure, at_most, plain
from bench.service.running import running_service
from tests.stack import Stack

CLIENTS = 500
WAIT_S = 30
PROBE_INTERVAL_S = 0.05
GOAL_S = 1.0


def measure_waiting(_pipeline: object) -> list[Figure]:
    """Let 500 clients submit with `Prefer: wait=30`, and probe until each has its answer."""
    with running_service(("api", "sweep")) as stack:
        probes, answers = asyncio.run(_wait_and_probe(stack))
    assert len(answers) == CLIENTS
    assert set(answers) == {202}  # no worker runs, so that all of them wait to the end
    probes.sort()
    return [
        at_most("healthz beside 500 waiting clients, p99", "s", [_share(probes, 0.99)], GOAL_S),
        plain("the same, median", "s", [_share(probes, 0.5)]),
        plain("the same, slowest", "s", [probes[-1]]),
    ]


def _share(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


async def _wait_and_probe(stack: Stack) -> tuple[list[float], list[int]]:
    headers = {"Authorization": f"Bearer {stack.key}"}
    limits = httpx.Limits(max_connections=None)
    async with (
        httpx.AsyncClient(
            base_url=stack.url, headers=headers, timeout=WAIT_S * 4, limits=limits
        ) as clients,
        httpx.AsyncClient(base_url=stack.url, timeout=WAIT_S * 4) as prober,
    ):
        waiting = [asyncio.create_task(_submit_and_wait(clients)) for _ in range(CLIENTS)]
        probes = []
        while not all(task.done() for task in waiting):
            started = time.perf_counter()
            (await prober.get("/healthz")).raise_for_status()
            probes.append(time.perf_counter() - started)
            await asyncio.sleep(PROBE_INTERVAL_S)
        return probes, [await task for task in waiting]


async def _submit_and_wait(client: httpx.AsyncClient) -> int:
    body = {"task": "text-to-image", "prompt": "a red circle"}
    answer = await client.post("/v1/jobs", json=body, headers={"Prefer": f"wait={WAIT_S}"})
    return answer.status_code
