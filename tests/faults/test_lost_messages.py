"""Celery's messages are doorbells: lost, doubled or stale, they cost time and nothing else."""

import signal
import time

import psutil

from shared.queue import RUN_SHIFT, make_celery, queue_name
from tests.faults.breakable import QUEUE, UNACKED, Breakable, eventually, kill, report


def lose_a_message(service: Breakable) -> str:
    """Have a message popped for a worker that stands still; returns its job.

    The worker asks Redis anew every second; a try that falls in between loses nothing.
    """
    with service.stack.client() as client, service.broker() as broker:
        client.get("/healthz")  # connected, so that the submit is quick
        for _ in range(20):
            service.wait_until_idle()
            service.parent.send_signal(signal.SIGSTOP)
            job_id = service.submit_one(client)
            time.sleep(0.1)
            if broker.llen(QUEUE) == 0:
                assert broker.hlen(UNACKED) == 0
                return job_id
            service.parent.send_signal(signal.SIGCONT)
            service.wait_until_ended([job_id])
    raise AssertionError("no message was lost")


def test_a_message_lost_inside_the_pop_is_rung_again(service: Breakable) -> None:
    sweep = service.stack.processes["sweep"]
    sweep.send_signal(signal.SIGSTOP)  # else it may ring before we have looked
    try:
        job_id = lose_a_message(service)
        children = psutil.Process(service.parent.pid).children(recursive=True)
        killed_s = kill(service.parent)
        psutil.wait_procs(children, timeout=20)
        with service.broker() as broker:
            assert broker.llen(QUEUE) == 0  # gone for good, and nobody knows of it
            sweep.send_signal(signal.SIGCONT)
            eventually(lambda: broker.llen(QUEUE), timeout_s=10)
            report("rung again", killed_s)
    finally:
        sweep.send_signal(signal.SIGCONT)
        service.parent.send_signal(signal.SIGCONT)
    service.heal()
    ended = service.wait_until_ended([job_id])
    assert ended[job_id]["lost_attempts"] == 0


def test_a_message_that_comes_often_runs_a_job_once(service: Breakable) -> None:
    (job_id,) = service.submit()
    celery = make_celery(service.stack.settings)
    for _ in range(10):
        celery.send_task(RUN_SHIFT, queue=queue_name("default"))
    service.wait_until_ended([job_id])
    service.wait_until_idle()
    assert service.job(job_id)["attempt"] == 1
