"""SIGKILL of every process that has a part in a job: it still ends, and ends once."""

import signal
import threading
import time
from dataclasses import dataclass, field
from itertools import count

import httpx
import psutil
import pytest

from tests.faults.breakable import Breakable, eventually, kill, report

LONG = {"num_inference_steps": 30}
LONG_LEASE_S = 120


def test_the_workers_parent_is_killed_while_its_child_denoises(service: Breakable) -> None:
    jobs = service.submit(3, **LONG)
    service.wait_until_running(jobs)
    child = service.find_child()
    killed_s = kill(service.parent)
    child.wait(timeout=10)  # it must not live on with the device in its hands
    report("child gone", killed_s)
    service.heal()
    ended = service.wait_until_ended(jobs)
    report("ended", killed_s)
    assert {job["status"] for job in ended.values()} == {"succeeded"}
    assert all(job["lost_attempts"] >= 1 for job in ended.values())


def test_the_workers_child_is_killed_while_it_denoises(service: Breakable) -> None:
    service.restart_worker(lease_s=LONG_LEASE_S)
    jobs = service.submit(3, **LONG)
    service.wait_until_running(jobs)
    child = service.find_child()
    killed_s = kill(child)
    eventually(lambda: all(service.job(one)["lost_attempts"] for one in jobs))
    report("taken back", killed_s)
    assert time.monotonic() - killed_s < LONG_LEASE_S  # so it was the child's successor
    service.wait_until_running(jobs[:1])
    report("running again", killed_s)
    ended = service.wait_until_ended(jobs)
    report("ended", killed_s)
    assert service.parent.poll() is None
    assert service.find_child().pid != child.pid
    assert {job["status"] for job in ended.values()} == {"succeeded"}


@dataclass
class Callers:
    """Callers that submit on and on, each job twice under one key, until told to stop."""

    service: Breakable
    stop: threading.Event = field(default_factory=threading.Event)
    jobs: dict[str, set[str]] = field(default_factory=dict)

    def run(self, name: str) -> None:
        with self.service.stack.client(timeout_s=5) as client:
            for number in count():
                if self.stop.is_set():
                    return
                key = f"{name}-{number}"
                self.jobs[key] = {self.submit(client, key), self.submit(client, key)}
                time.sleep(0.05)

    def submit(self, client: httpx.Client, key: str) -> str:
        """Submit; a caller that got no answer repeats its key."""
        while True:
            try:
                return self.service.submit_one(client, key, num_inference_steps=2)
            except httpx.TransportError:
                time.sleep(0.1)


def test_the_api_is_killed_while_callers_submit_and_wait(service: Breakable) -> None:
    callers = Callers(service)
    threads = [threading.Thread(target=callers.run, args=(name,)) for name in ("a", "b", "c")]
    threads.append(threading.Thread(target=wait_for_a_job, args=(service,)))
    for thread in threads:
        thread.start()
    time.sleep(1.0)
    before = len(callers.jobs)
    kill(service.stack.processes["api"])
    service.heal()
    eventually(lambda: len(callers.jobs) > before + 5)
    callers.stop.set()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert {len(job_ids) for job_ids in callers.jobs.values()} == {1}


def wait_for_a_job(service: Breakable) -> None:
    """Wait for a job on a connection that breaks."""
    body = {"task": "text-to-image", "prompt": "a red circle", **LONG, "num_images": 4}
    with service.stack.client() as client, pytest.raises(httpx.TransportError):
        client.post("/v1/jobs", json=body, headers={"Prefer": "wait=60"})


def test_redis_is_killed_and_comes_back(service: Breakable) -> None:
    running = service.submit(2, **LONG)
    service.wait_until_running(running)
    service.redis_server.process.kill()
    service.redis_server.process.wait()
    meanwhile = service.submit(3)  # accepted without Redis
    ended = service.wait_until_ended(running)  # and what runs goes on without it
    service.wait_until_ended(meanwhile)  # the shift polls for what nobody can ring for
    service.redis_server.start()
    back_s = time.monotonic()
    later = service.submit(2)
    service.wait_until_ended(later)
    report("ended after Redis was back", back_s)
    assert {job["lost_attempts"] for job in ended.values()} == {0}


def test_redis_is_erased_again_and_again(service: Breakable) -> None:
    with service.broker() as broker:
        jobs = []
        for _ in range(12):
            jobs += service.submit(2, num_inference_steps=10)
            broker.flushall()
            time.sleep(0.2)
    erased_s = time.monotonic()
    ended = service.wait_until_ended(jobs)
    report("ended", erased_s)
    assert {job["status"] for job in ended.values()} == {"succeeded"}


def test_a_stopping_worker_loses_nothing(service: Breakable) -> None:
    jobs = service.submit(10, num_inference_steps=30)
    service.wait_until_running(jobs[:1])
    began_s = time.monotonic()
    service.parent.send_signal(signal.SIGTERM)
    assert service.parent.wait(40) == 0
    report("left", began_s)
    stopped = service.world.jobs()
    assert {stopped[one]["status"] for one in jobs} == {"succeeded", "queued"}
    service.heal()
    ended = service.wait_until_ended(jobs)
    assert {job["status"] for job in ended.values()} == {"succeeded"}
    assert {job["lost_attempts"] for job in ended.values()} == {0}


def test_no_process_is_left_behind(service: Breakable) -> None:
    child = service.find_child()
    service.stack.stop("worker")
    assert not psutil.pid_exists(child.pid)
    service.stack.start("worker")
