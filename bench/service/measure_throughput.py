"""R2: pictures per second through the whole durable service, beside the pipeline's best batch."""

import asyncio
import random
from datetime import datetime
from typing import Any

import httpx

from bench.report import Figure, at_least, plain
from bench.service.peer import GUIDANCE_SCALE, PROMPT, STEPS, make_pictures
from bench.service.running import running_service
from tests.stack import Stack

BATCHES = (1, 2, 4, 8, 16)
ROUNDS = 5
PICTURES_A_ROUND = 64
PEER_PICTURES = 32
LOAD = 0.9
GOAL = 0.95


def measure_throughput(pipeline: object) -> list[Figure]:
    """Alternate the bare pipeline at its best batch, a burst, and Poisson arrivals at 0.9 of it."""
    make_pictures(pipeline, 2, 1)
    rates = {
        batch: PEER_PICTURES / make_pictures(pipeline, PEER_PICTURES, batch) for batch in BATCHES
    }
    best = max(rates, key=lambda batch: rates[batch])
    burst, kept_up, peer = [], [], []
    with running_service() as stack, stack.client() as client:
        stack.generate(client)
        for round_ in range(ROUNDS):
            capacity = PEER_PICTURES / make_pictures(pipeline, PEER_PICTURES, best)
            peer.append(capacity)
            burst.append(_burst(stack) / capacity)
            arrivals = _poisson(PICTURES_A_ROUND, LOAD * capacity, seed=round_)
            kept_up.append(_keep_up(stack, arrivals))
    return [
        plain(f"bare pipeline, batch {best}", "per s", peer),
        at_least("served in a burst / bare pipeline", "", burst, GOAL),
        at_least(f"served / offered at {LOAD:g} of its capacity", "", kept_up, GOAL),
    ]


def _poisson(count: int, rate: float, seed: int) -> list[float]:
    generator = random.Random(seed)
    at, arrivals = 0.0, []
    for _ in range(count):
        at += generator.expovariate(rate)
        arrivals.append(at)
    return arrivals


def _burst(stack: Stack) -> float:
    """Submit all at once and return pictures per second from the first submit to the last end."""
    jobs = asyncio.run(_submit_all(stack, [0.0] * PICTURES_A_ROUND))
    elapsed = max(_times(jobs, "finished_at")) - min(_times(jobs, "created_at"))
    return len(jobs) / elapsed.total_seconds()


def _keep_up(stack: Stack, arrivals: list[float]) -> float:
    """Submit at these times and return the pace of the ends over the pace of the submits."""
    jobs = asyncio.run(_submit_all(stack, arrivals))
    created, finished = _times(jobs, "created_at"), _times(jobs, "finished_at")
    return (max(created) - min(created)) / (max(finished) - min(finished))


def _times(jobs: list[dict[str, Any]], field: str) -> list[datetime]:
    return [datetime.fromisoformat(job[field]) for job in jobs]


async def _submit_all(stack: Stack, arrivals: list[float]) -> list[dict[str, Any]]:
    headers = {"Authorization": f"Bearer {stack.key}"}
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(
        base_url=stack.url, headers=headers, timeout=180, limits=limits
    ) as client:
        return await asyncio.gather(*(_submit(client, at) for at in arrivals))


async def _submit(client: httpx.AsyncClient, at_s: float) -> dict[str, Any]:
    await asyncio.sleep(at_s)
    body = {
        "task": "text-to-image",
        "prompt": PROMPT,
        "num_inference_steps": STEPS,
        "guidance_scale": GUIDANCE_SCALE,
    }
    answer = await client.post("/v1/jobs", json=body)
    job: dict[str, Any] = answer.raise_for_status().json()
    while job["finished_at"] is None:
        answer = await client.get(f"/v1/jobs/{job['id']}", headers={"Prefer": "wait=60"})
        job = answer.raise_for_status().json()
    assert job["status"] == "succeeded", job
    return job
