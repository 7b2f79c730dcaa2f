"""Points where a test may break a worker. The setting is empty in production."""

import os
import signal
import time
from pathlib import Path


class FaultPointInvalid(ValueError):
    """The setting does not read `name[@text]:kill`, `:kill=PATH` or `:sleep=SECONDS`."""


class FaultPoints:
    """One armed point, or none.

    `kill` ends the process as an empty battery would; `kill=PATH` only the first process that
    comes by, which leaves a file there. `name@text` arms the point for subjects that hold `text`.
    """

    def __init__(self, setting: str | None) -> None:
        point, _, action = (setting or "").partition(":")
        self._name, _, self._text = point.partition("@")
        self._action, _, self._argument = action.partition("=")
        if setting and self._action not in {"kill", "sleep"}:
            raise FaultPointInvalid(setting)

    def reach(self, name: str, subject: str = "") -> None:
        """Break here if the point called `name` is armed for `subject`."""
        if name != self._name or self._text not in subject:
            return
        if self._action == "sleep":
            time.sleep(float(self._argument))
        elif not self._argument or _is_first(Path(self._argument)):
            os.kill(os.getpid(), signal.SIGKILL)


def _is_first(path: Path) -> bool:
    try:
        path.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True
