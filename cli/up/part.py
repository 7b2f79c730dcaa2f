"""One part of the service as the supervisor sees it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cli.embedded.process import Command


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """How a part is started, known to be ready, and given time to end.

    `prepare` runs before each start and clears what a killed process left; `describe` is asked
    once the part is ready.
    """

    name: str
    prepare: Callable[[], Command]
    is_ready: Callable[[], bool]
    describe: Callable[[], str]
    log: Path
    start_timeout_s: float
    grace_s: float
