"""What `up` says: one line per part, with a spinner only where somebody watches."""

import contextlib
from collections.abc import Iterator

from rich.console import Console

NAME_WIDTH = 10


class Screen:
    """The terminal, or the file or pipe that stands for it."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, soft_wrap=True)

    def say(self, name: str, text: str) -> None:
        """Print one line about the part called `name`."""
        self.line(f"{name:<{NAME_WIDTH}}{text}")

    def line(self, text: str = "") -> None:
        """Print one line as it is; output that nobody can take must not end the service."""
        # rich leaves the program when a pipe closes
        with contextlib.suppress(OSError, ValueError, SystemExit):
            self._console.print(text, markup=False, emoji=False)
            self._console.file.flush()

    @contextlib.contextmanager
    def working(self, name: str, text: str) -> Iterator[None]:
        """Show that something goes on, where somebody watches."""
        if not self._console.is_terminal:
            yield
            return
        with self._console.status(f"{name:<{NAME_WIDTH}}{text}"):
            yield
