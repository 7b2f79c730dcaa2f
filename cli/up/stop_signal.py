"""The wish to stop: Ctrl-C, SIGTERM or a closed terminal; a second one hurries."""

import signal
import time

POLL_S = 0.1


class StopRequested(Exception):
    """Somebody asked us to stop while something was being waited for."""


class StopSignal:
    """Counts the signals; looks are taken where it is safe to leave."""

    def __init__(self) -> None:
        self._count = 0

    def listen(self) -> None:
        """Take over the signals of this process."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._take)

    def _take(self, *_: object) -> None:
        self._count += 1

    @property
    def is_set(self) -> bool:
        """Whether we are to stop."""
        return self._count > 0

    @property
    def is_hurried(self) -> bool:
        """Whether we are to stop at once."""
        return self._count > 1

    def wait(self) -> None:
        """Wait for a moment.

        Raises:
            StopRequested: we are to stop.
        """
        if self.is_set:
            raise StopRequested
        time.sleep(POLL_S)
