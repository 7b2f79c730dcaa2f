"""The finisher: encodes, stores and writes the end of what leaves the engine, beside the loop."""

import hashlib
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import TracebackType
from typing import Self

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.db import transaction
from shared.errors import LeaseLost
from shared.events.stream import JobEvent
from shared.images.formats import CONTENT_TYPES, EXTENSIONS
from shared.images.keys import attempt_prefix, image_key
from shared.images.store import StoreError
from shared.images.table import Image
from shared.jobs.finish import (
    Failure,
    FinishedImage,
    complete_job,
    fail_job,
    finish_canceled,
)
from shared.jobs.status import JobErrorCode, JobStatus
from worker.engine.events import Finished
from worker.held_jobs import HeldJob, StopReason
from worker.make_receipt import Making
from worker.parts import Parts
from worker.retry import DATABASE_AWAY, retry
from worker.to_request import read_request
from worker.write_pictures import WrittenPicture, write_pictures

NUM_THREADS = 2

_log = logging.getLogger(__name__)


class Finisher:
    """Ends jobs on a few threads of its own; a job it has ended is held no longer.

    What the store or the database refuses is tried again for as long as a lease: by then either
    it works or somebody else should try.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._patience_s = parts.settings.lease_s
        self._ending = threading.Event()
        self._threads = ThreadPoolExecutor(NUM_THREADS, thread_name_prefix="finisher")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Try nothing a second time from here on, and wait for what is under way."""
        self._ending.set()
        self._threads.shutdown(wait=True)

    def complete(self, job: HeldJob, finished: Finished) -> None:
        """Store the pictures, then end the job as succeeded."""
        self._submit(job, partial(self._complete, job, finished))

    def fail(self, job: HeldJob, failure: Failure) -> None:
        """End the job as failed."""
        self._submit(job, partial(self._fail, job, failure))

    def stop(self, job: HeldJob, steps_done: int) -> None:
        """End a job that was asked to stop: as canceled, or not at all if its lease is lost."""
        if job.stop is StopReason.LOST:
            self._submit(job, partial(self._parts.held.remove, job))
            return
        write = partial(finish_canceled, held=job.held, steps_done=steps_done)
        self._submit(job, partial(self._write, job, JobStatus.CANCELED, write))

    def _submit(self, job: HeldJob, work: Callable[[], None]) -> None:
        job.takes_slot = False
        self._wake_for_room()
        self._threads.submit(self._do, job, work)

    def _wake_for_room(self) -> None:
        """Wake the claimer where it wants room; else it would only claim in our way."""
        if self._parts.held.is_room_wanted:
            self._parts.wake.set()

    def _do(self, job: HeldJob, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception:  # noqa: BLE001 - not held, so not extended: somebody else gets it
            _log.exception("%s could not be ended", job.id)
            self._parts.held.remove(job)

    def _complete(self, job: HeldJob, finished: Finished) -> None:
        try:
            images = self._store_all(job, finished)
        except StoreError as error:
            if self._ending.is_set():
                return  # still held, and handed back with the rest
            message = f"The pictures were made and could not be stored: {type(error).__name__}."
            code = JobErrorCode.STORAGE_UNAVAILABLE
            self._fail(job, Failure(code=code, message=message, is_retryable=True))
            return
        write = partial(complete_job, held=job.held, images=images, warnings=finished.warnings)
        self._write(job, JobStatus.SUCCEEDED, write)

    def _fail(self, job: HeldJob, failure: Failure) -> None:
        write = partial(fail_job, held=job.held, failure=failure)
        self._write(job, JobStatus.FAILED, write)

    def _store_all(self, job: HeldJob, finished: Finished) -> list[FinishedImage]:
        asked, shelf = read_request(job), self._parts.shelf
        making = Making(
            asked=asked,
            start=job.start,
            made_with=finished.made_with,
            weights_sha256=shelf.weights_of(asked.model),
            machine=shelf.machine,
        )
        self._parts.faults.reach("before-put", asked.prompt)
        images = [self._store(job, one) for one in write_pictures(making, finished.images)]
        self._parts.faults.reach("after-put", asked.prompt)
        return images

    def _store(self, job: HeldJob, picture: WrittenPicture) -> FinishedImage:
        key = image_key(
            job.claimed.tenant_id,
            job.held.job_id,
            job.held.attempt,
            picture.index,
            EXTENSIONS[picture.format],
        )
        put = partial(self._parts.store.put, key, picture.data, CONTENT_TYPES[picture.format])
        retry(put, (StoreError,), self._patience_s, self._ending)
        return FinishedImage(
            index=picture.index,
            kind=picture.kind,
            seed=picture.seed,
            width_px=picture.width_px,
            height_px=picture.height_px,
            format=picture.format,
            size_bytes=len(picture.data),
            sha256=hashlib.sha256(picture.data).hexdigest(),
            key=key,
            receipt=picture.receipt.as_json(),
        )

    def _write(self, job: HeldJob, status: JobStatus, write: Callable[[Session], None]) -> None:
        """Write the job's end and tell its stream; a job whose lease is lost is left alone."""
        try:
            commit = partial(self._commit, read_request(job).prompt, write)
            retry(commit, DATABASE_AWAY, self._patience_s, self._ending)
        except LeaseLost:
            if not self._is_recorded(job):
                _log.warning("%s: lease lost; what it made is dropped", job.id)
                self._remove_objects(job)
                self._parts.held.remove(job)
                return
        self._parts.held.remove(job)
        self._parts.publisher.publish(job.held.job_id, JobEvent.DONE, {"status": status.value})
        self._wake_for_room()

    def _commit(self, prompt: str, write: Callable[[Session], None]) -> None:
        self._parts.faults.reach("before-finish", prompt)
        with transaction(self._parts.sessions) as session:
            write(session)
        self._parts.faults.reach("after-finish", prompt)

    def _is_recorded(self, job: HeldJob) -> bool:
        """Tell whether this attempt's pictures count: its commit may have gone unanswered."""
        mine = select(Image.id).where(
            Image.job_id == job.held.job_id, Image.attempt == job.held.attempt
        )
        with transaction(self._parts.sessions) as session:
            return session.scalar(mine.limit(1)) is not None

    def _remove_objects(self, job: HeldJob) -> None:
        prefix = attempt_prefix(job.claimed.tenant_id, job.held.job_id, job.held.attempt)
        try:
            self._parts.store.delete_prefix(prefix)
        except StoreError as error:
            _log.warning("objects of %s are left to the sweep: %s", job.id, type(error).__name__)
