"""Celery's messages are doorbells: lost, doubled or stale, they cost time and nothing else."""

import os
import signal
import time

import psutil

from shared.queue import RUN_SHIFT, make_celery, queue_name
from tests.faults.breakable import QUEUE, UNACKED, Breakable, eventually, kill, report


def test_a_message_lost_inside_the_pop_is_rung_again(service: Breakable) -> None:
    service.wait_until_idle()
    sweep = service.stack.processes["sweep"]
    children = psutil.Process(service.parent.pid).children(recursive=True)
    os.kill(service.parent.pid, signal.SIGSTOP)
    sweep.send_signal(signal.SIGSTOP)  # else it rings before we have looked
    try:
        (job_id,) = service.submit()
        with service.broker() as broker:
            time.sleep(0.3)
            assert broker.llen(QUEUE) == 0
            assert broker.hlen(UNACKED) == 0
            killed_s = kill(service.parent)
            psutil.wait_procs(children, timeout=10)
            assert broker.llen(QUEUE) == 0  # gone for good, and nobody knows of it
            sweep.send_signal(signal.SIGCONT)
            eventually(lambda: broker.llen(QUEUE), timeout_s=10)
            report("rung again", killed_s)
    finally:
        sweep.send_signal(signal.SIGCONT)
    service.heal()
    service.wait_until_ended([job_id])
    assert service.job(job_id)["lost_attempts"] == 0


def test_a_message_that_comes_often_runs_a_job_once(service: Breakable) -> None:
    (job_id,) = service.submit()
    celery = make_celery(service.stack.settings)
    for _ in range(10):
        celery.send_task(RUN_SHIFT, queue=queue_name("default"))
    service.wait_until_ended([job_id])
    service.wait_until_idle()
    assert service.job(job_id)["attempt"] == 1
