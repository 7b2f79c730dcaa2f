"""Become one Celery worker: a parent without torch, a child that owns the device."""

import os
import secrets
import socket
import sys

from cli.read_settings import read_settings
from shared.config import process_environment
from shared.queue import queue_name


def run_worker(pool: str | None) -> None:
    """Replace this process by the worker: its environment must stand before torch loads."""
    settings = read_settings(pool=pool)
    worker_id = settings.worker_id or f"{socket.gethostname()}-{secrets.token_hex(4)}"
    environment = process_environment(settings.model_copy(update={"worker_id": worker_id})) | {
        "OMP_NUM_THREADS": str(settings.torch_threads),
        "OMP_WAIT_POLICY": "PASSIVE",
    }
    arguments = (
        *(sys.executable, "-m", "celery", "--app=worker.app:app", "worker"),
        *("--pool=prefork", "--concurrency=1", f"--queues={queue_name(settings.pool)}"),
        *("--without-gossip", "--without-mingle", f"--loglevel={settings.log_level}"),
        f"--hostname={worker_id}@%h",
    )
    os.execve(sys.executable, arguments, environment)  # noqa: S606 - our own command, no shell
