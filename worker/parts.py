"""What a shift works with: built once for each child process, by `worker.child`."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from shared.config import Settings
from shared.db import Sessions
from shared.images.store import ImageStore
from worker.drain import DrainFlag
from worker.fault_points import FaultPoints
from worker.held_jobs import HeldJobs
from worker.make_engine import ModelShelf
from worker.publish_events import Publisher
from worker.wake import WakeListener
from worker.watchdog import Watchdog


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The parts of a worker.

    Attributes:
        held: Shared by the loop and every thread beside it.
        wake: Set when there may be something to claim.
        ring: Wakes another worker of the pool.
    """

    settings: Settings
    worker_id: str
    sessions: Sessions
    store: ImageStore
    shelf: ModelShelf
    held: HeldJobs
    publisher: Publisher
    wake: threading.Event
    listener: WakeListener
    ring: Callable[[], None]
    watchdog: Watchdog
    drain: DrainFlag
    faults: FaultPoints
