"""A long call, run one step at a time by whoever holds it."""

import threading
from collections.abc import Callable

import torch

Pause = Callable[[], None]


class StepThread:
    """Runs a call in a thread of its own that moves only while `advance` waits for it.

    Args:
        work: Calls what it is given at the end of each step, and goes on when that returns.

    Attributes:
        is_done: The call has returned or raised.
    """

    def __init__(self, work: Callable[[Pause], None]) -> None:
        self._work = work
        self._turn, self._back = threading.Semaphore(0), threading.Semaphore(0)
        self._error: BaseException | None = None
        self._is_stopped = False
        self.is_done = False
        # A process may end while a call stands between two steps.
        self._thread = threading.Thread(target=self._run, name="whole-generation", daemon=True)

    def advance(self) -> None:
        """Let the call come to the end of its next step, or to its own end.

        Raises:
            Exception: What the call raised; it has ended then.
        """
        if self.is_done:
            return
        if self._thread.ident is None:
            self._thread.start()
        self._turn.release()
        self._back.acquire()
        if self._is_over():
            self._thread.join()
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        """End the call where it stands; one that has ended is no error."""
        if self.is_done or self._thread.ident is None:
            self.is_done = True
            return
        self._is_stopped = True
        self._turn.release()
        self._thread.join()

    def _is_over(self) -> bool:
        return self.is_done

    def _run(self) -> None:
        self._turn.acquire()
        try:
            with torch.inference_mode():  # is a thread's own
                self._work(self._pause)
        except _Stopped:
            pass
        except BaseException as error:  # noqa: BLE001 - it is raised where the call is awaited
            self._error = error
        self.is_done = True
        self._back.release()

    def _pause(self) -> None:
        self._back.release()
        self._turn.acquire()
        if self._is_stopped:
            raise _Stopped


class _Stopped(BaseException):
    """Ends a call from within; no `except Exception` of a library holds it up."""
