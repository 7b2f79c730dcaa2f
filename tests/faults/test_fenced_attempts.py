"""A worker that was thought dead, that dies at the worst moment, or that a job kills."""

import signal
from pathlib import Path

from tests.faults.breakable import Breakable, find_child
from tests.faults.conftest import SLOW_TICK

LONG = {"num_inference_steps": 30}


def test_a_worker_that_wakes_up_too_late_writes_nothing(service: Breakable) -> None:
    zombie = service.parent
    jobs = service.submit(2, **LONG)
    service.wait_until_running(jobs)
    child = find_child(zombie.pid)
    child.suspend()
    zombie.send_signal(signal.SIGSTOP)
    service.stack.processes["zombie"] = service.stack.processes.pop("worker")
    try:
        service.stack.start("worker")
        ended = service.wait_until_ended(jobs)
    finally:
        zombie.send_signal(signal.SIGCONT)
        child.resume()
    assert {job["status"] for job in ended.values()} == {"succeeded"}
    assert all(job["attempt"] >= 2 for job in ended.values())
    # it works on, on jobs that it may still have
    late = service.submit(4)
    service.wait_until_ended(late)
    service.stack.stop("zombie")


def test_a_worker_dies_between_any_two_writes(service: Breakable, tmp_path: Path) -> None:
    points = ["before-claim", "after-claim", "after-put@first", "before-finish@second"]
    points.append("after-finish@third")
    struck = {point: tmp_path / point for point in points}
    armed = ";".join(f"{point}:kill={path}" for point, path in struck.items())
    service.restart_worker(fault_point=armed)
    prompts = ("the first", "the second", "the third")
    jobs = [service.submit(prompt=prompt, num_inference_steps=4)[0] for prompt in prompts]
    ended = service.wait_until_ended(jobs)
    assert all(path.exists() for path in struck.values())
    assert {job["status"] for job in ended.values()} == {"succeeded"}


def test_a_job_that_kills_its_worker_fails_and_takes_no_other_along(service: Breakable) -> None:
    service.restart_worker(fault_point="admit@poison:kill")
    neighbours = service.submit(3, num_inference_steps=10)
    (poison,) = service.submit(prompt="a bottle of poison")
    neighbours += service.submit(3, num_inference_steps=10)
    ended = service.wait_until_ended()
    assert ended[poison]["error_code"] == "worker-lost"
    assert {ended[one]["status"] for one in neighbours} == {"succeeded"}
    service.restart_worker(fault_point=SLOW_TICK)
