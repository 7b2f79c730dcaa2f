"""What forward passes of one batch key take: measured once, then kept on disk."""

import hashlib
import json
import logging
import os
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

import torch

from worker.engine.memory import is_out_of_memory

MIN_GROWTH = 1.03  # of the throughput, for twice the rows to be worth their wait
MAX_ROWS = 256
REPEATS = 2
PATIENCE_S = 3.0  # on a busy machine one second ends at a row or two

_log = logging.getLogger(__name__)


class Rehearsal(Protocol):
    """The work of one batch key without its consequences."""

    def run_pass(self, num_rows: int) -> None:
        """Run a forward pass of so many rows to its end."""
        ...

    def decode(self) -> None:
        """Make one picture."""
        ...


@dataclass(frozen=True, slots=True)
class Profile:
    """What passes of one batch key take.

    Attributes:
        seconds: Of the fastest pass, by its rows, the fewest first; twice as many each time.
        row_bytes: What a pass holds at most, for each of its rows.
        picture_bytes: What making one picture holds at most.
    """

    seconds: Mapping[int, float]
    row_bytes: int
    picture_bytes: int

    @property
    def knee(self) -> int:
        """The most rows that are worth their wait: more bring no more of them a second."""
        best = 0.0
        knee = next(iter(self.seconds))
        for rows, seconds in self.seconds.items():
            if rows / seconds > best * MIN_GROWTH:
                best, knee = rows / seconds, rows
        return knee

    def cost_s(self, num_rows: int) -> float:
        """Return what a pass takes, between what was measured and beyond it in proportion."""
        measured = list(self.seconds.items())
        for (fewer, fewer_s), (more, more_s) in pairwise(measured):
            if num_rows <= more:
                share = (num_rows - fewer) / (more - fewer)
                return fewer_s + share * (more_s - fewer_s)
        rows, seconds = measured[-1]
        return seconds * num_rows / rows


def measure_profile(
    rehearsal: Rehearsal,
    peak_bytes: Callable[[Callable[[], object]], int],
    free_bytes: int,
    patience_s: float = PATIENCE_S,
) -> Profile:
    """Double the rows until their throughput stops growing, memory ends or patience does.

    Args:
        rehearsal: Of the batch key.
        peak_bytes: Does some work and returns the most memory that it held.
        free_bytes: What passes may hold.
        patience_s: The narrowest pass is measured even if it takes longer.

    Raises:
        RuntimeError: Not even a single row comes through.
        AcceleratorError: The device is lost.
    """
    give_up_s = time.monotonic() + patience_s
    picture_bytes = peak_bytes(rehearsal.decode)
    row_bytes = peak_bytes(lambda: rehearsal.run_pass(1))
    seconds: dict[int, float] = {}
    rows, best, flat = 1, 0.0, 0
    # A single pass that was disturbed must not end it: twice without growth does.
    while rows <= MAX_ROWS and rows * row_bytes <= max(free_bytes, row_bytes) and flat <= 1:
        try:
            seconds[rows] = min(_time_pass(rehearsal, rows) for _ in range(REPEATS))
        except torch.AcceleratorError:
            raise
        except Exception as error:
            if rows == 1:
                raise
            if not is_out_of_memory(error):  # some kernels count their places in 32 bits
                _log.warning("a pass of %d rows raised", rows, exc_info=error)
            break
        grown = rows / seconds[rows] > best * MIN_GROWTH
        best, flat = max(best, rows / seconds[rows]), 0 if grown else flat + 1
        if time.monotonic() + 2 * REPEATS * seconds[rows] > give_up_s:
            break
        rows *= 2
    return Profile(seconds, row_bytes, picture_bytes)


class ProfileFolder:
    """Profiles on disk, a small file each; what is not as it was written is measured again.

    Args:
        folder: Where they lie; None keeps none.
        machine: What else a profile depends on: device, number format, versions.
    """

    def __init__(self, folder: Path | None, machine: Mapping[str, str]) -> None:
        self._folder = folder
        self._machine = dict(machine)

    def read(self, subject: Mapping[str, Any]) -> Profile | None:
        """Return the profile of a subject if it was measured on this machine."""
        if self._folder is None:
            return None
        try:
            kept = json.loads(self._path(subject).read_text(encoding="utf-8"))
            if kept["of"] != self._identify(subject):
                return None
            seconds = {int(rows): float(taken) for rows, taken in kept["seconds"].items()}
            profile = Profile(seconds, int(kept["row_bytes"]), int(kept["picture_bytes"]))
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None
        return profile if _is_sound(profile) else None

    def write(self, subject: Mapping[str, Any], profile: Profile) -> None:
        """Keep a profile; a folder that cannot be written to costs another measurement later."""
        if self._folder is None:
            return
        kept = {
            "of": self._identify(subject),
            "seconds": {str(rows): seconds for rows, seconds in profile.seconds.items()},
            "row_bytes": profile.row_bytes,
            "picture_bytes": profile.picture_bytes,
        }
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(
                "w", dir=self._folder, suffix=".tmp", delete=False, encoding="utf-8"
            ) as file:
                json.dump(kept, file, indent=1)
            os.replace(file.name, self._path(subject))  # noqa: PTH105 - both ends are names
        except OSError as error:
            _log.warning("the profile of a batch is not kept: %s", error)

    def _path(self, subject: Mapping[str, Any]) -> Path:
        text = json.dumps(self._identify(subject), sort_keys=True)
        name = hashlib.sha256(text.encode()).hexdigest()[:32]
        return (self._folder or Path()) / f"{name}.json"

    def _identify(self, subject: Mapping[str, Any]) -> dict[str, Any]:
        identity: dict[str, Any] = json.loads(json.dumps({**self._machine, **subject}))
        return identity


def _time_pass(rehearsal: Rehearsal, num_rows: int) -> float:
    begun_s = time.perf_counter()
    rehearsal.run_pass(num_rows)
    return time.perf_counter() - begun_s


def _is_sound(profile: Profile) -> bool:
    rows = list(profile.seconds)
    doubles = [2**power for power in range(len(rows))]
    is_positive = all(0 < seconds < float("inf") for seconds in profile.seconds.values())
    return bool(rows) and rows == doubles and is_positive and profile.row_bytes >= 0
