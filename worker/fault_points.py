"""Points where a test may break a worker. The setting is empty in production."""

import os
import signal
import time
from pathlib import Path
from typing import NamedTuple

ACTIONS = {"kill", "sleep"}


class FaultPointInvalid(ValueError):
    """The setting is no list of `name[@text]:kill`, `:kill=PATH` or `:sleep=SECONDS`."""


class _Point(NamedTuple):
    name: str
    text: str
    action: str
    argument: str


class FaultPoints:
    """The points that are armed, separated by semicolons; none where the setting is empty.

    `kill` ends the process as a loss of power would; `kill=PATH` only the first process that
    comes by, which leaves a file there. `name@text` arms the point for subjects that hold `text`.
    """

    def __init__(self, setting: str | None) -> None:
        self._points = [_read(part) for part in (setting or "").split(";") if part]

    def reach(self, name: str, subject: str = "") -> None:
        """Break here if the point called `name` is armed for `subject`."""
        for point in self._points:
            if point.name == name and point.text in subject:
                _strike(point)


def _read(part: str) -> _Point:
    """Read one armed point.

    Raises:
        FaultPointInvalid: It names no action.
    """
    place, _, what = part.partition(":")
    name, _, text = place.partition("@")
    action, _, argument = what.partition("=")
    if action not in ACTIONS:
        raise FaultPointInvalid(part)
    return _Point(name, text, action, argument)


def _strike(point: _Point) -> None:
    if point.action == "sleep":
        time.sleep(float(point.argument))
    elif not point.argument or _is_first(Path(point.argument)):
        os.kill(os.getpid(), signal.SIGKILL)


def _is_first(path: Path) -> bool:
    try:
        path.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True
