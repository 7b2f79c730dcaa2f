"""R5: from a submit to its first denoising step, while a long job runs.

In the engine it is counted in ticks, through the whole service in milliseconds.
"""

import json
import statistics
import time

import httpx

from bench.engine.measure_latency import at_share
from bench.engine.our_engine import OurEngine, make_engine
from bench.engine.plan import Plan
from bench.engine.subject import Subject
from bench.engine.workloads import NEVER_S, PROMPTS, Ask
from bench.report import Figure, at_most, plain
from bench.service.running import running_service

GOAL_TICKS = 2
MAX_TICKS = 50
LONG_STEPS = 100
TRIALS = 8
SHORT_STEPS = 4


def measure_admission(plan: Plan) -> list[Figure]:
    """Admit strangers of the same size and of others beside a long generation."""
    ours = make_engine(plan.subject)
    figures = []
    for share, title in ((1.0, "the same size"), (0.5, "another size")):
        ticks = _count_ticks(ours, plan.subject, round(plan.subject.base_px * share))
        figures.append(at_most(f"ticks to the first step, {title}", "", ticks, GOAL_TICKS))
    figures.append(at_most("ticks, all slots but one taken", "", _crowded(plan), GOAL_TICKS))
    if plan.admissions and plan.subject.shape == "mini":
        figures += _through_the_service(plan)
    return figures


def _long(subject: Subject, number: int) -> Ask:
    return _ask(subject, number, LONG_STEPS, subject.base_px)


def _ask(subject: Subject, number: int, steps: int, size_px: int) -> Ask:
    return Ask(
        prompt=PROMPTS[number % len(PROMPTS)],
        seed=number,
        num_inference_steps=steps,
        guidance_scale=2.5,
        scheduler=subject.schedulers[number % len(subject.schedulers)],
        width_px=size_px,
        height_px=size_px,
        expires_at_s=NEVER_S,
    )


def _count_ticks(ours: OurEngine, subject: Subject, size_px: int) -> list[float]:
    """Return the ticks that each of several strangers waits, one after the other."""
    ours.admit("long", _long(subject, 0))
    for _ in range(3):
        ours.engine.step()
    ticks = []
    for number in range(TRIALS):
        ours.admit(str(number), _ask(subject, number, SHORT_STEPS, size_px))
        ticks.append(float(_ticks_until(ours, str(number))))
        ours.engine.cancel(str(number))
        ours.engine.step()
    ours.engine.cancel("long")
    ours.engine.step()
    return ticks


def _crowded(plan: Plan) -> list[float]:
    """Return the ticks that the last comer waits beside as many long ones as there are slots."""
    ours = make_engine(plan.subject)
    number = 0
    while ours.engine.free_slots > 1:
        ours.admit(f"long {number}", _long(plan.subject, number))
        number += 1
    for _ in range(5):
        ours.engine.step()
    ticks = []
    for trial in range(TRIALS):
        ours.admit(str(trial), _ask(plan.subject, trial, SHORT_STEPS, plan.subject.base_px))
        ticks.append(float(_ticks_until(ours, str(trial))))
        ours.engine.cancel(str(trial))
        ours.engine.step()
    return ticks


def _ticks_until(ours: OurEngine, name: str) -> int:
    """Tick until a generation's first step is done; returns how often.

    Raises:
        RuntimeError: It waits for ever.
    """
    for tick in range(1, MAX_TICKS + 1):
        if any(event.id == name and hasattr(event, "step") for event in ours.engine.step()):
            return tick
    raise RuntimeError(f"{name} did not start in {MAX_TICKS} ticks")


def _through_the_service(plan: Plan) -> list[Figure]:
    with running_service() as stack, stack.client() as client:
        stack.generate(client)
        latencies = []
        long_job = _submit(client, LONG_STEPS)
        for _ in range(plan.admissions):
            if _is_over(client, long_job):
                long_job = _submit(client, LONG_STEPS)
            time.sleep(0.1)
            latencies.append(1000 * _time_to_first_step(client))
    latencies.sort()
    return [
        plain("through the service, submit to first step", "ms", latencies),
        plain("the same, p99", "ms", [at_share(latencies, 0.99)]),
        plain("the same, mean", "ms", [statistics.fmean(latencies)]),
    ]


def _submit(client: httpx.Client, steps: int) -> str:
    body = {"task": "text-to-image", "prompt": PROMPTS[0], "num_inference_steps": steps}
    job: str = client.post("/v1/jobs", json=body).raise_for_status().json()["id"]
    return job


def _is_over(client: httpx.Client, job: str) -> bool:
    finished_at = client.get(f"/v1/jobs/{job}").raise_for_status().json()["finished_at"]
    return finished_at is not None


def _time_to_first_step(client: httpx.Client) -> float:
    """Submit a short job and follow its stream until it tells of a step."""
    begun_s = time.perf_counter()
    job = _submit(client, SHORT_STEPS)
    seen_s = None
    with client.stream("GET", f"/v1/jobs/{job}/events") as stream:
        for line in stream.iter_lines():
            if seen_s is None and line.startswith("data:") and _tells_of_a_step(line):
                seen_s = time.perf_counter()
    return (seen_s or time.perf_counter()) - begun_s


def _tells_of_a_step(line: str) -> bool:
    data = json.loads(line.removeprefix("data:"))
    return data.get("step", 0) > 0 or data.get("status") in ("succeeded", "failed")
