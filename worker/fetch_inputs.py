"""The fetcher: reads the pictures that a job begins with, beside the claimer and the loop."""

import logging
import queue
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self

from shared.images.store import ObjectMissing, StoreError
from shared.jobs.finish import Failure
from shared.jobs.status import JobErrorCode
from worker.finish_generations import Finisher
from worker.held_jobs import HeldJob
from worker.make_start import list_sources, make_start
from worker.parts import Parts
from worker.read_picture import InputUnreadable, read_picture
from worker.retry import retry
from worker.to_request import read_request

NUM_THREADS = 2

_log = logging.getLogger(__name__)


class InputMissing(Exception):
    """A picture that the job begins with is there no more; the message says which."""


class InputFetcher:
    """Hands jobs on to the loop, those that begin with pictures once these are read.

    Attributes:
        ready: Where the loop takes them from.
    """

    def __init__(self, parts: Parts, finisher: Finisher) -> None:
        self.ready: queue.SimpleQueue[HeldJob] = queue.SimpleQueue()
        self._parts = parts
        self._finisher = finisher
        self._ending = threading.Event()
        self._threads = ThreadPoolExecutor(NUM_THREADS, thread_name_prefix="fetcher")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Leave what is not fetched yet to be handed back."""
        self._ending.set()
        self._threads.shutdown(wait=True, cancel_futures=True)

    def fetch(self, job: HeldJob, keys: Mapping[str, str]) -> None:
        """Hand a job on, once the pictures under `keys` are read."""
        if list_sources(read_request(job)):
            self._threads.submit(self._do, job, keys)
        else:
            self.ready.put(job)

    def _do(self, job: HeldJob, keys: Mapping[str, str]) -> None:
        try:
            self._fetch(job, keys)
        except InputMissing as error:
            self._fail(job, JobErrorCode.INPUT_MISSING, str(error))
        except InputUnreadable as error:
            self._fail(job, JobErrorCode.INPUT_UNREADABLE, str(error))
        except StoreError as error:
            if not self._ending.is_set():  # else it is still held, and handed back with the rest
                message = f"The job's pictures could not be read: {type(error).__name__}."
                self._fail(job, JobErrorCode.STORAGE_UNAVAILABLE, message)
        except Exception:  # noqa: BLE001 - not held, so not extended: somebody else gets it
            _log.exception("the pictures of %s could not be fetched", job.id)
            self._parts.held.remove(job)

    def _fetch(self, job: HeldJob, keys: Mapping[str, str]) -> None:
        """Read and decode each picture, then hand the job on.

        Raises:
            InputUnreadable: One does not decode.
        """
        asked = read_request(job)
        pictures = {}
        for name in list_sources(asked):
            data = self._get(name, keys.get(name))
            try:
                pictures[name] = read_picture(data)
            except InputUnreadable as error:
                raise InputUnreadable(f"The picture {name!r} cannot be read: {error}.") from error
        job.start = make_start(asked, pictures)
        self.ready.put(job)

    def _get(self, name: str, key: str | None) -> bytes:
        """Return the bytes of an object, trying for as long as a lease.

        Raises:
            InputMissing: There is none.
        """
        message = f"The picture {name!r} was deleted after the job was accepted."
        if key is None:
            raise InputMissing(message)

        def get() -> bytes:
            try:
                return self._parts.store.get(key)
            except ObjectMissing as error:
                raise InputMissing(message) from error

        return retry(get, (StoreError,), self._parts.settings.lease_s, self._ending)

    def _fail(self, job: HeldJob, code: JobErrorCode, message: str) -> None:
        if job.stop is not None:
            self._finisher.stop(job, steps_done=0)
            return
        is_retryable = code is JobErrorCode.STORAGE_UNAVAILABLE
        self._finisher.fail(job, Failure(code=code, message=message, is_retryable=is_retryable))
