"""How wide a forward pass may be, and what it costs."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from worker.engine.member import BatchKey
from worker.engine.memory import DeviceMemory, as_megabytes
from worker.engine.profile import Profile, ProfileFolder, Rehearsal, measure_profile

RECOVERY_PASSES = 50
ANY_WIDTH = 2**31
WHOLE_STEP_S = 0.5  # of a pipeline that runs whole: nobody can rehearse its step


class RowBudget(Protocol):
    """How wide a forward pass of each batch key may be, and whether there is memory for it."""

    def learn(self, key: BatchKey, rehearsal: Rehearsal) -> None:
        """Find out about a key before it is used; one that is known costs nothing."""
        ...

    def max_rows(self, key: BatchKey) -> int:
        """Return the most rows of one forward pass."""
        ...

    def cost(self, key: BatchKey, num_rows: int) -> float:
        """Return what a pass costs, in a unit that all keys share."""
        ...

    def find_lack(self, key: BatchKey, held_bytes: int) -> str | None:
        """Say what memory is lacking for a generation of a known key, beside its tensors."""
        ...


@dataclass(frozen=True, slots=True)
class FixedRowBudget:
    """The same width and cost for every key: keys take turns pass by pass."""

    rows: int

    def learn(self, key: BatchKey, rehearsal: Rehearsal) -> None:
        """Know it already."""

    def max_rows(self, key: BatchKey) -> int:  # noqa: ARG002 - the protocol's other budgets need it
        """Return the one width."""
        return self.rows

    def cost(self, key: BatchKey, num_rows: int) -> float:  # noqa: ARG002 - likewise
        """Return the one cost."""
        return 1.0

    def find_lack(self, key: BatchKey, held_bytes: int) -> str | None:  # noqa: ARG002 - likewise
        """Lack nothing that is known."""
        return None


class MeasuredRowBudget:
    """Each key's own width, where throughput stops growing, and its cost in seconds.

    Args:
        profiles: What was measured before.
        memory: What passes and pictures must fit into.
        name_weights: Names what a model's passes depend on beside their shape.
    """

    def __init__(
        self, profiles: ProfileFolder, memory: DeviceMemory, name_weights: Callable[[str], str]
    ) -> None:
        self._profiles = profiles
        self._memory = memory
        self._name_weights = name_weights
        self._known: dict[BatchKey, Profile] = {}
        self._max_rows: dict[BatchKey, int] = {}

    def learn(self, key: BatchKey, rehearsal: Rehearsal) -> None:
        """Read a key's profile, or measure it, which takes a second or three."""
        key = _shared(key)
        if key in self._known:
            return
        subject = {"weights": self._name_weights(key.model), "shape": key.shape}
        free_bytes = self._memory.free_bytes()
        profile = self._profiles.read(subject)
        if profile is None:
            profile = measure_profile(rehearsal, self._memory.peak_bytes, free_bytes)
            self._profiles.write(subject, profile)
        bound = max(1, free_bytes // max(1, profile.row_bytes))
        self._known[key] = profile
        self._max_rows[key] = min(profile.knee, bound)

    def max_rows(self, key: BatchKey) -> int:
        """Return the width of a key; whoever was not rehearsed takes his pass alone."""
        return self._max_rows.get(_shared(key), 1)

    def cost(self, key: BatchKey, num_rows: int) -> float:
        """Return the seconds of a pass."""
        profile = self._known.get(_shared(key))
        return profile.cost_s(num_rows) if profile else WHOLE_STEP_S

    def find_lack(self, key: BatchKey, held_bytes: int) -> str | None:
        """Say what is lacking for a row at a time, for one picture, or for the generation."""
        profile = self._known[_shared(key)]
        wanted = held_bytes + max(profile.row_bytes, profile.picture_bytes)
        free = self._memory.free_bytes()
        if wanted <= free:
            return None
        return f"needs {as_megabytes(wanted)} beside the models; {as_megabytes(free)} are free"


class ShrinkingBudget:
    """A budget that gives way where memory runs out, and recovers slowly.

    Args:
        budget: The width of a key where all goes well.
    """

    def __init__(self, budget: RowBudget) -> None:
        self._budget = budget
        self._widths: dict[BatchKey, int] = {}  # of keys that memory ran out for
        self._passes: dict[BatchKey, int] = {}  # that came through since

    def learn(self, key: BatchKey, rehearsal: Rehearsal) -> None:
        """Let the budget find out about a key."""
        self._budget.learn(key, rehearsal)

    def max_rows(self, key: BatchKey) -> int:
        """Return the width of a key, or what it has shrunk to."""
        return min(self._budget.max_rows(key), self._widths.get(key, ANY_WIDTH))

    def cost(self, key: BatchKey, num_rows: int) -> float:
        """Return what the budget says."""
        return self._budget.cost(key, num_rows)

    def find_lack(self, key: BatchKey, held_bytes: int) -> str | None:
        """Return what the budget says."""
        return self._budget.find_lack(key, held_bytes)

    def halve(self, key: BatchKey, num_rows: int) -> None:
        """Be at most half as wide as a pass that there was no memory for."""
        self._widths[key] = min(self.max_rows(key), max(1, num_rows // 2))
        self._passes[key] = 0

    def recover(self, key: BatchKey) -> None:
        """Hear of a pass that came through; a row more is tried after so many of them."""
        if key not in self._widths:
            return
        self._passes[key] += 1
        if self._passes[key] < RECOVERY_PASSES:
            return
        self._passes[key] = 0
        self._widths[key] += 1
        if self._widths[key] >= self._budget.max_rows(key):
            del self._widths[key], self._passes[key]


def _shared(key: BatchKey) -> BatchKey:
    """Return the key of everybody: one who is alone costs no less."""
    return replace(key, alone=None)
