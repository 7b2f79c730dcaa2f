"""The parts of the service itself: API, worker, sweep, each the command of its own name."""

import contextlib
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx
from sqlalchemy.exc import SQLAlchemyError

from cli.embedded.process import Command
from cli.up.assemble import local_url
from cli.up.device import describe_device, find_torch_version, reaches_gpu, sees_gpu
from cli.up.part import Part
from shared.config import Settings
from shared.db import Sessions, transaction
from shared.jobs.report_worker import retire_worker
from shared.jobs.table import WorkerRow

START_TIMEOUT_S = 60
WORKER_START_TIMEOUT_S = 300
GRACE_S = 8
PROBE_TIMEOUT_S = 2


def service_parts(
    settings: Settings, sessions: Sessions, logs: Path, environment: Mapping[str, str]
) -> list[Part]:
    """Return API, worker and sweep, in this order; they are stopped the other way round.

    So the worker drains while callers can still watch it.
    """
    url = local_url(settings)

    def command(name: str) -> Command:
        arguments = (sys.executable, "-m", "cli.main", name)
        return Command(arguments=arguments, environment=environment)

    def prepare_worker() -> Command:
        # its row of an earlier life would look like a sign of this one
        with contextlib.suppress(SQLAlchemyError), transaction(sessions) as session:
            retire_worker(session, settings.worker_id or "")
        return command("worker")

    return [
        _make_part(
            "api",
            lambda: command("api"),
            lambda: _answers(f"{url}/readyz"),
            lambda: f"ready on {url}",
            logs,
        ),
        Part(
            name="worker",
            prepare=prepare_worker,
            is_ready=lambda: _has_reported(sessions, settings.worker_id or ""),
            describe=lambda: f"ready on {_name_device(settings)}",
            log=logs / "worker.log",
            start_timeout_s=WORKER_START_TIMEOUT_S,
            grace_s=settings.drain_grace_s + GRACE_S,
        ),
        _make_part("sweep", lambda: command("sweep"), lambda: True, lambda: "started", logs),
    ]


def _make_part(
    name: str,
    prepare: Callable[[], Command],
    is_ready: Callable[[], bool],
    describe: Callable[[], str],
    logs: Path,
) -> Part:
    return Part(
        name=name,
        prepare=prepare,
        is_ready=is_ready,
        describe=describe,
        log=logs / f"{name}.log",
        start_timeout_s=START_TIMEOUT_S,
        grace_s=GRACE_S,
    )


def _name_device(settings: Settings) -> str:
    return describe_device(
        settings.device,
        find_torch_version(),
        is_gpu_seen=sees_gpu(),
        is_gpu_usable=reaches_gpu,
    )


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=PROBE_TIMEOUT_S, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def _has_reported(sessions: Sessions, worker_id: str) -> bool:
    with contextlib.suppress(SQLAlchemyError), transaction(sessions) as session:
        return session.get(WorkerRow, worker_id) is not None
    return False
