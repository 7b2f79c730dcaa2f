"""Run the sweep in this process."""

import logging
import signal
import threading

from cli.read_settings import read_settings


def run_sweep_alone() -> None:
    """Sweep until a signal."""
    from worker.sweep import run_sweep

    settings = read_settings()
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(message)s")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    run_sweep(settings, stop)
