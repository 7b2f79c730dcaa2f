"""R6: what the service adds to the bare pipeline and its PNG, from submit to image link, idle."""

import time

import httpx

from bench.report import Figure, at_most, plain
from bench.service.peer import GUIDANCE_SCALE, PROMPT, STEPS, make_pictures
from bench.service.running import running_service
from tests.stack import Stack

WARM_ROUNDS = 40
COLD_ROUNDS = 8
GOAL_MS = 15


def measure_added_time(pipeline: object) -> list[Figure]:
    """Alternate one bare picture and one through the service, both idle but for it."""
    with running_service() as stack, stack.client() as client:
        for _ in range(3):
            make_pictures(pipeline, 1, 1)
            _submit(stack, client)
        warm = [_added_ms(stack, client, pipeline) for _ in range(WARM_ROUNDS)]
        cold = []
        for _ in range(COLD_ROUNDS):
            time.sleep(stack.settings.shift_linger_s + 1)
            cold.append(_added_ms(stack, client, pipeline))
    return [
        at_most("time added, a shift in progress", "ms", warm, GOAL_MS),
        plain("time added, the worker asleep", "ms", cold),
    ]


def _added_ms(stack: Stack, client: httpx.Client, pipeline: object) -> float:
    bare_s = make_pictures(pipeline, 1, 1)
    return 1000 * (_submit(stack, client) - bare_s)


def _submit(stack: Stack, client: httpx.Client) -> float:
    started = time.perf_counter()
    job = stack.generate(
        client, prompt=PROMPT, num_inference_steps=STEPS, guidance_scale=GUIDANCE_SCALE
    )
    elapsed_s = time.perf_counter() - started
    assert job["images"][0]["url"]
    return elapsed_s
