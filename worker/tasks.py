"""What Celery calls in the child. The parent imports this file too, and nothing behind it."""

from typing import Any

from celery import shared_task, signals

from shared.queue import RUN_SHIFT


def run_shift() -> None:
    """Answer a doorbell."""
    from worker.child import get_child

    get_child().run_shift()


def start_child(**_arguments: Any) -> None:  # noqa: ANN401 - Celery's own
    """Take over from a predecessor, then load, before any doorbell."""
    from worker.exit_broken import exit_broken
    from worker.take_over import take_over_here

    with exit_broken():  # Celery would log the error and keep a child that can do nothing
        take_over_here()  # before torch, which takes seconds to import

        from worker.child import get_child

        get_child()


def stop_child(**_arguments: Any) -> None:  # noqa: ANN401 - Celery's own
    """Say goodbye."""
    from worker.child import get_child

    get_child().close()


# Called and not decorating, since Celery's decorators would take the types away.
shared_task(name=RUN_SHIFT)(run_shift)
signals.worker_process_init.connect(start_child)
signals.worker_process_shutdown.connect(stop_child)
