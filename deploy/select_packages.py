"""Print the part of the lock that some of the extras need: `select_packages.py worker`.

The lock says of each package whom it is there for ("# via"), so no package index is asked.
Only the standard library is used: this runs before anything is installed.
"""

import re
import sys
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
_NAME = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)")


def select(blocks: Mapping[str, str], roots: Collection[str]) -> set[str]:
    """Return the names of `roots` and of all that is locked for their sake."""
    reasons = {name: set(_reasons(block)) for name, block in blocks.items()}
    wanted = set(roots)
    while more := {name for name in blocks if name not in wanted and reasons[name] & wanted}:
        wanted |= more
    return wanted


def read_lock(text: str) -> dict[str, str]:
    """Return the lines of each locked package, by its name."""
    blocks: dict[str, str] = {}
    name = ""
    for line in text.splitlines(keepends=True):
        if match := re.match(r"([A-Za-z0-9._-]+)==", line):
            name = _normal(match[1])
        if name and line.strip():
            blocks[name] = blocks.get(name, "") + line
    return blocks


def read_roots(project: Mapping[str, object], extras: Collection[str]) -> set[str]:
    """Return what the project itself names, for its base and some of its extras."""
    table = project["project"]
    assert isinstance(table, dict)  # noqa: S101 - pyproject.toml is ours
    wanted = list(table["dependencies"])
    for extra in extras:
        wanted += table["optional-dependencies"][extra]
    roots = {_normal(match[1]) for one in wanted if (match := _NAME.match(one))}
    return roots | ({"torch"} if "worker" in extras else set())


def _reasons(block: str) -> list[str]:
    comments = " ".join(re.findall(r"^ +# +(.*)$", block, re.MULTILINE))
    words = comments.removeprefix("via ").split()
    return [_normal(word) for word in words if not word.startswith("(") and word != "atelier"]


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def main(extras: list[str]) -> None:
    """Print the chosen part of requirements.lock."""
    blocks = read_lock((ROOT / "requirements.lock").read_text())
    roots = read_roots(tomllib.loads((ROOT / "pyproject.toml").read_text()), extras)
    chosen = select(blocks, roots | {"setuptools"})  # which installs the project itself
    sys.stdout.writelines(blocks[name] for name in sorted(chosen & set(blocks)))


if __name__ == "__main__":
    main(sys.argv[1:])
