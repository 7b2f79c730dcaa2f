"""The stall watchdog: a process whose loop stands still ends, so that its successor takes over."""

import faulthandler
import sys
import time

# The fuse is laid again at most this often; each time costs a thread.
_REFRESH_S = 1.0


class Watchdog:
    """Ends the process, with every thread's traceback on stderr, unless it is fed in time.

    The fuse burns in a C thread, so that it works even where native code keeps the interpreter
    lock. A process that ended extends no leases.
    """

    def __init__(self, stall_s: float, load_stall_s: float) -> None:
        self._stall_s = stall_s
        self._load_stall_s = load_stall_s
        self._fed_at_s = 0.0

    def feed(self) -> None:
        """Say that the loop goes on."""
        now_s = time.monotonic()
        if now_s - self._fed_at_s >= min(_REFRESH_S, self._stall_s / 4):
            self._fed_at_s = now_s
            self._light(self._stall_s)

    def feed_for_loading(self) -> None:
        """Say that a model is about to be loaded, which takes longer than a tick."""
        self._fed_at_s = 0.0
        self._light(self._load_stall_s)

    def stop(self) -> None:
        """Let the process stand still."""
        self._fed_at_s = 0.0
        faulthandler.cancel_dump_traceback_later()

    def _light(self, fuse_s: float) -> None:
        # Celery replaces sys.stderr by a logger, which has no file descriptor.
        faulthandler.dump_traceback_later(fuse_s, exit=True, file=sys.__stderr__ or 2)
