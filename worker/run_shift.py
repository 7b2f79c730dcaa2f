"""The shift: claim, admit, tick, store, finish. Read this file first.

The loop owns the engine and touches neither SQL nor the network. Beside it work the claimer (takes
jobs from Postgres into free slots), the fetcher (reads the pictures they begin with), the
heartbeat (extends their leases, hears of cancels), the finisher (encodes, stores, writes the end)
and the publisher (tells the job's stream). They share the table of held jobs and nothing else; the
loop takes and gives between ticks.
"""

import contextlib
import queue
import time
from collections import deque
from typing import assert_never

from shared.events.stream import JobEvent
from shared.jobs.finish import Failure
from shared.jobs.status import JobErrorCode
from worker.claimer import Claimer
from worker.engine.errors import ModelTooLarge, ModelUnavailable
from worker.engine.events import Canceled, EngineEvent, Failed, Finished, StepDone
from worker.fetch_inputs import InputFetcher
from worker.finish_generations import Finisher
from worker.hand_back import hand_back
from worker.held_jobs import HeldJob
from worker.parts import Parts
from worker.to_request import to_request

IDLE_TURN_S = 0.05


def run_shift(parts: Parts) -> None:
    """Run jobs until nothing runs and nothing can be claimed, or the worker has drained.

    A job still held when a drain's grace is over goes back to its queue and loses nothing.
    """
    with (
        Finisher(parts) as finisher,
        InputFetcher(parts, finisher) as fetcher,
        Claimer(parts, fetcher) as claimer,
    ):
        loop = _Loop(parts, fetcher.ready, finisher)
        while claimer.is_claiming or len(parts.held):
            if claimer.is_grace_over:
                break
            loop.turn()
    parts.watchdog.stop()
    hand_back(parts)


class _Loop:
    """What the loop knows: the jobs that wait for the engine and those that are in it."""

    def __init__(
        self, parts: Parts, ready: "queue.SimpleQueue[HeldJob]", finisher: Finisher
    ) -> None:
        self._parts = parts
        self._engine = parts.shelf.engine
        self._ready = ready
        self._finisher = finisher
        self._waiting: deque[HeldJob] = deque()
        self._running: dict[str, HeldJob] = {}

    def turn(self) -> None:
        """Take in, stop, start, pause and resume, tick, and pass on what the tick brought."""
        self._parts.watchdog.feed()
        self._take_ready()
        self._stop_unwanted()
        self._admit()
        self._resume()
        if self._engine.has_work:
            self._parts.faults.reach("tick")
            for event in self._engine.step():
                self._pass_on(event)

    def _take_ready(self) -> None:
        is_idle = not self._engine.has_work and not self._waiting
        with contextlib.suppress(queue.Empty):
            if is_idle:
                self._waiting.append(self._ready.get(timeout=IDLE_TURN_S))
            while True:
                self._waiting.append(self._ready.get_nowait())

    def _stop_unwanted(self) -> None:
        for job in self._parts.held.take_stopped():
            if job in self._waiting:
                self._waiting.remove(job)
                self._finisher.stop(job, steps_done=0)
            else:
                self._engine.cancel(job.id)

    def _admit(self) -> None:
        while self._waiting and self._make_room_for(self._waiting[0]):
            job = self._waiting.popleft()
            if job.stop is not None:  # asked between its claim and its way here
                self._finisher.stop(job, steps_done=0)
                continue
            try:
                self._start(job)
            except ModelUnavailable as error:
                failure = Failure(
                    code=JobErrorCode.MODEL_UNAVAILABLE,
                    message=str(error),
                    is_retryable=not isinstance(error, ModelTooLarge),
                )
                self._finisher.fail(job, failure)

    def _make_room_for(self, job: HeldJob) -> bool:
        """Tell whether the engine has a slot, and no neighbour that one of them must not have.

        An urgent job that was claimed beyond the slots takes that of the tenant's low one.
        """
        if job.is_urgent and self._parts.held.count_unpaused() > self._parts.settings.slots:
            low = [one for one in self._running.values() if one.gives_way]
            own = [one for one in low if one.tenant_id == job.tenant_id]
            for last in own[-1:]:  # it has the least to lose
                self._engine.pause(last.id)
                last.is_paused = True
        is_company_bad = job.is_alone or any(one.is_alone for one in self._running.values())
        return self._engine.free_slots > 0 and not (is_company_bad and self._engine.has_work)

    def _resume(self) -> None:
        """Let those go on that were paused, as slots fall free; nothing new is claimed before."""
        paused = (job for job in self._running.values() if job.is_paused)
        is_company_bad = any(job.is_alone for job in self._parts.held.list_held())
        while (
            not is_company_bad
            and self._engine.free_slots > 0
            and self._parts.held.count_unpaused() < self._parts.settings.slots
            and (job := next(paused, None))
        ):
            self._engine.resume(job.id)
            job.is_paused = False

    def _start(self, job: HeldJob) -> None:
        """Load its model if need be, and give it to the engine.

        Raises:
            ModelUnavailable: The model cannot be loaded here.
        """
        request = to_request(job, self._parts.settings.preview_interval_steps)
        self._parts.faults.reach("admit", request.images[0].prompt)
        self._parts.watchdog.feed_for_loading()
        self._parts.shelf.load(request.model)
        self._parts.watchdog.feed()
        self._engine.admit(request)
        self._running[job.id] = job
        job.is_started = True
        started = {"status": "running", "attempt": job.held.attempt}
        self._parts.publisher.publish(job.held.job_id, JobEvent.STATUS, started)

    def _pass_on(self, event: EngineEvent) -> None:
        if isinstance(event, StepDone):
            self._tell_progress(self._running[event.id], event)
            return
        job = self._running.pop(event.id)
        match event:
            case Finished():
                self._finisher.complete(job, event)
            case Failed():
                self._parts.shelf.check_device()
                failure = Failure(
                    code=JobErrorCode(event.code),
                    message=event.message,
                    is_retryable=event.is_retryable,
                )
                self._finisher.fail(job, failure)
            case Canceled():
                self._finisher.stop(job, event.steps_done)
            case _:
                assert_never(event)

    def _tell_progress(self, job: HeldJob, event: StepDone) -> None:
        """Tell the stream, but not of each step: small pictures make steps faster than eyes see."""
        job.step = event.step
        if event.preview is not None:
            job.preview = event.preview
        interval_s = self._parts.settings.progress_interval_s
        now_s = time.monotonic()
        if now_s - job.told_s < interval_s and event.step < event.steps:
            return
        job.told_s = now_s
        tell = self._parts.publisher.publish
        progress = {
            "step": event.step,
            "steps": event.steps,
            "fraction": round(event.step / event.steps, 4),
        }
        tell(job.held.job_id, JobEvent.PROGRESS, progress)
        if job.preview is not None:
            tell(job.held.job_id, JobEvent.PREVIEW, {"index": 0}, job.preview)
            job.preview = None
