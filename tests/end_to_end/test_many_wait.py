"""Many waiting clients hold no thread and no connection: other calls are answered beside them."""

import asyncio

import httpx

from tests.stack import Stack

CLIENTS = 500
MANY_STEPS = {"num_inference_steps": 1, "width": 64, "height": 64}


async def _wait_and_probe(stack: Stack) -> tuple[list[int], int]:
    headers = {"Authorization": f"Bearer {stack.key}"}
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(
        base_url=stack.url, headers=headers, timeout=120, limits=limits
    ) as client:
        body = {"task": "text-to-image", "prompt": "a red circle"} | MANY_STEPS

        async def submit() -> int:
            answer = await client.post("/v1/jobs", json=body, headers={"Prefer": "wait=30"})
            return answer.status_code

        waiting = [asyncio.create_task(submit()) for _ in range(CLIENTS)]
        probes = 0
        while not all(task.done() for task in waiting):
            (await client.get("/healthz")).raise_for_status()
            probes += 1
            await asyncio.sleep(0.05)
        return [await task for task in waiting], probes


def test_500_waiting_clients_are_answered_and_health_beside_them(stack: Stack) -> None:
    answers, probes = asyncio.run(_wait_and_probe(stack))
    assert len(answers) == CLIENTS
    assert set(answers) <= {201, 202}
    assert 201 in answers
    assert probes > 10
