"""Print deploy/env.example with a fresh secret for each CHANGE_ME; the standard library only."""

import re
import secrets
import sys
from pathlib import Path

_SECRET_BYTES = 24


def fill(example: str) -> str:
    """Replace each CHANGE_ME by a secret of its own, safe inside a URL."""
    return re.sub("CHANGE_ME", lambda _match: secrets.token_hex(_SECRET_BYTES), example)


if __name__ == "__main__":
    sys.stdout.write(fill((Path(__file__).parent / "env.example").read_text()))
