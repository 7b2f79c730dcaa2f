"""How the parent tells its child to drain: by a file whose name both know.

A file, since the child may die and be replaced meanwhile, and its successor must see it too.
"""

import shutil
import tempfile
from pathlib import Path


class DrainFlag:
    """Raised once, by the parent; seen by every child that it has or gets.

    Attributes:
        is_raised_here: A signal told this process alone to end; its successor goes on.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.is_raised_here = False

    def raise_(self) -> None:
        """Tell the child to stop claiming, finish, hand back the rest and return."""
        self.path.touch()

    def raise_here(self) -> None:
        """Have this process do so."""
        self.is_raised_here = True

    @property
    def is_raised(self) -> bool:
        """Whether the worker, or this process of it, is to stop."""
        return self.is_raised_here or self.path.exists()


def make_drain_flag() -> DrainFlag:
    """Return a flag in a new folder that nobody else can write to."""
    return DrainFlag(Path(tempfile.mkdtemp(prefix="atelier-worker-")) / "drain")


def remove_drain_flag(flag: DrainFlag) -> None:
    """Remove the flag and its folder."""
    shutil.rmtree(flag.path.parent, ignore_errors=True)
