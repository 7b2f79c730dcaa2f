"""The service under work for a long time: everything ends, and nothing grows. By hand: `make soak`.

ATELIER_SOAK_MINUTES says for how long.
"""

import os
import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg
import pytest

from tests.servers import RunningPostgres, RunningRedis, make_settings
from tests.stack import Stack, run_stack

MINUTES = float(os.environ.get("ATELIER_SOAK_MINUTES", "60"))
CLIENTS = 4
SAMPLE_INTERVAL_S = 5
WARM_UP_SHARE = 0.25
# What a caching allocator may still take on after the warm-up, as a share of what it had.
MAX_GROWTH = 0.10


@dataclass(frozen=True, slots=True)
class Sample:
    """What the service holds at one moment."""

    memory_bytes: int
    files: int
    connections: int


@pytest.fixture
def stack(
    postgres: RunningPostgres, database: str, redis_server: RunningRedis, tmp_path: Path
) -> Iterator[Stack]:
    settings = make_settings(
        database_url=postgres.database_url(database),
        migrations_database_url=postgres.superuser_url(database),
        redis_url=redis_server.url(2),
        cache_url=redis_server.url(3),
        store_url=f"file://{tmp_path / 'images'}",
        home=tmp_path,
        lease_s=15,
        stall_s=60,
    )
    with run_stack(settings, tmp_path) as running:
        yield running


def take_sample(stack: Stack, database_url: str) -> Sample:
    roots = [psutil.Process(process.pid) for process in stack.processes.values()]
    all_of_them = [one for root in roots for one in (root, *root.children(recursive=True))]
    with psycopg.connect(database_url) as connection:
        row = connection.execute("SELECT count(*) FROM pg_stat_activity").fetchone()
    return Sample(
        memory_bytes=sum(one.memory_info().rss for one in all_of_them),
        files=sum(one.num_fds() for one in all_of_them),
        connections=int(row[0]) if row else 0,
    )


def work(stack: Stack, number: int, until: float) -> int:
    """Ask for pictures of many kinds, cancel some, delete some; return how many were asked for."""
    chance = random.Random(number)
    asked = 0
    with stack.client() as client:
        while time.monotonic() < until:
            body = {
                "task": "text-to-image",
                "prompt": chance.choice(["a red circle", "a blue star on black", "x " * 200]),
                "width": chance.choice([64, 96, 128]),
                "num_inference_steps": chance.randint(1, 20),
                "num_images": chance.randint(1, 3),
            }
            wait = {"Prefer": f"wait={chance.choice([1, 20])}"}
            answer = client.post("/v1/jobs", json=body, headers=wait)
            assert answer.status_code in {201, 202}, answer.text
            asked += 1
            address = f"/v1/jobs/{answer.json()['id']}"
            if chance.random() < 0.2:
                assert client.post(f"{address}/cancel").status_code in {200, 202, 409}
            if chance.random() < 0.1:
                assert client.delete(address).status_code == 204
    return asked


def grew(values: list[int]) -> bool:
    """Whether the last quarter lies above the first by more than is allowed; medians of each."""
    quarter = max(1, len(values) // 4)
    first, last = sorted(values[:quarter])[quarter // 2], sorted(values[-quarter:])[quarter // 2]
    return last > first * (1 + MAX_GROWTH)


@pytest.mark.timeout(MINUTES * 60 + 600)
def test_nothing_grows(stack: Stack) -> None:
    url = stack.settings.migrations_database_url
    assert url is not None
    until = time.monotonic() + MINUTES * 60
    samples: list[Sample] = []
    with ThreadPoolExecutor(CLIENTS) as pool:
        futures = [pool.submit(work, stack, number, until) for number in range(CLIENTS)]
        while time.monotonic() < until:
            time.sleep(SAMPLE_INTERVAL_S)
            samples.append(take_sample(stack, url.get_secret_value()))
        asked = sum(future.result() for future in futures)
    steady = samples[int(len(samples) * WARM_UP_SHARE) :]
    print(f"{asked} jobs; first {steady[0]}; last {steady[-1]}")

    with psycopg.connect(url.get_secret_value()) as connection:
        deadline = time.monotonic() + 120
        open_jobs = "SELECT count(*) FROM jobs WHERE status IN ('queued', 'running')"
        while connection.execute(open_jobs).fetchone() != (0,):
            assert time.monotonic() < deadline, "some jobs never end"
            time.sleep(1)
        twice = "SELECT job_id FROM usage_records GROUP BY job_id HAVING count(*) <> 1"
        assert connection.execute(twice).fetchall() == []
    for name in ("memory_bytes", "files", "connections"):
        assert not grew([getattr(sample, name) for sample in steady]), (name, steady)


def test_growth_is_seen() -> None:
    assert grew(list(range(100, 200)))
    assert not grew([100, 104, 99, 101] * 10)
