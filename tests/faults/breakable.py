"""A running service, the hands that break it, and what was accepted meanwhile."""

import subprocess
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

import httpx
import psutil
import redis

from tests.faults.invariants import END_STATUSES, World
from tests.servers import RunningRedis
from tests.stack import Stack

QUEUE = "atelier:pool.default"
UNACKED = "atelier:unacked"
TIMEOUT_S = 240


@dataclass
class Breakable:
    """The service; `accepted` grows with every 202."""

    stack: Stack
    world: World
    redis_server: RunningRedis
    accepted: list[str] = field(default_factory=list)

    def submit(self, count: int = 1, **fields: Any) -> list[str]:
        """Submit jobs; each must be accepted."""
        with self.stack.client(timeout_s=10) as client:
            return [self.submit_one(client, **fields) for _ in range(count)]

    def submit_one(self, client: httpx.Client, key: str | None = None, **fields: Any) -> str:
        body = {"task": "text-to-image", "prompt": "a red circle", "num_images": 2} | fields
        headers = {"Idempotency-Key": key} if key else {}
        answer = client.post("/v1/jobs", json=body, headers=headers)
        assert answer.status_code in {200, 202}, answer.text
        self.accepted.append(answer.json()["id"])
        return self.accepted[-1]

    def job(self, job_id: str) -> dict[str, Any]:
        return self.world.jobs()[job_id]

    def wait_until_running(self, job_ids: Collection[str]) -> None:
        """Return once each of them has done a step."""
        eventually(lambda: all(self.world.jobs()[one]["progress_step"] > 0 for one in job_ids))

    def wait_until_ended(self, job_ids: Collection[str] | None = None) -> dict[str, dict[str, Any]]:
        """Return the jobs once all, or those named, have ended."""

        def find() -> dict[str, dict[str, Any]] | None:
            jobs = self.world.jobs()
            named = {one: jobs[one] for one in (job_ids or jobs)}
            return named if {job["status"] for job in named.values()} <= END_STATUSES else None

        ended: dict[str, dict[str, Any]] = eventually(find)
        return ended

    def wait_until_idle(self) -> None:
        """Return once no shift runs and no doorbell waits."""
        deadline = time.monotonic() + TIMEOUT_S
        quiet_s = time.monotonic()
        with self.broker() as broker:
            while time.monotonic() - quiet_s < 1.0:
                if broker.llen(QUEUE):
                    quiet_s = time.monotonic()
                assert time.monotonic() < deadline
                time.sleep(0.05)

    def broker(self) -> redis.Redis:
        return redis.Redis.from_url(self.redis_server.url(0))

    @property
    def parent(self) -> subprocess.Popen[bytes]:
        return self.stack.processes["worker"]

    def find_child(self) -> psutil.Process:
        """Return the process that owns the device."""
        return find_child(self.parent.pid)

    def restart_worker(self, **overrides: object) -> None:
        """Have another worker with other settings, ready to work."""
        if "worker" in self.stack.processes:
            self.stack.stop("worker")
        self.world.rows("DELETE FROM workers RETURNING id")
        self.stack.start("worker", **overrides)
        self.stack.wait_until_ready()

    def heal(self) -> None:
        """Start what a test left dead."""
        if self.redis_server.process.poll() is not None:
            self.redis_server.start()
        dead = [part for part, one in self.stack.processes.items() if one.poll() is not None]
        for part in dead:
            self.stack.stop(part)
            self.stack.start(part)
        self.stack.wait_until_ready()


def find_child(parent_id: int) -> psutil.Process:
    """Return the pool process of a worker."""

    def find() -> psutil.Process | None:
        children = psutil.Process(parent_id).children()
        return next((one for one in children if "spawn_main" in " ".join(one.cmdline())), None)

    child: psutil.Process = eventually(find)
    return child


def kill(process: psutil.Process | subprocess.Popen[bytes]) -> float:
    """SIGKILL a process; returns when."""
    process.kill()
    killed_s = time.monotonic()
    process.wait(timeout=20)
    return killed_s


def eventually(what: Callable[[], Any], timeout_s: float = TIMEOUT_S) -> Any:
    """Return the first true answer."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if answer := what():
            return answer
        time.sleep(0.05)
    raise TimeoutError


def report(what: str, began_s: float) -> None:
    """Print how long a recovery took; seen with `pytest -rP`."""
    print(f"{what}: {time.monotonic() - began_s:.1f} s")
