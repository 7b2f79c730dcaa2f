"""Which files the house rules read."""

import ast
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("api", "worker", "shared", "cli", "models", "migrations")
Finding = tuple[int, str]
Rule = Callable[[ast.Module, Path], Iterator[Finding]]
TextRule = Callable[[str, Path], Iterator[Finding]]


def list_files() -> list[Path]:
    """Every file that is, or is about to be, committed; relative to the root."""
    # the clone may belong to another user than the one who tests it
    command = ("git", "-c", "safe.directory=*", "ls-files", "-co", "--exclude-standard", "-z")
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout
    paths = (Path(name) for name in names.decode().split("\0") if name)
    return sorted(path for path in paths if (ROOT / path).is_file())


def list_sources() -> list[Path]:
    """Every module of the service; relative to the root."""
    return [path for path in list_files() if path.suffix == ".py" and path.parts[0] in PACKAGES]


def find_all(rule: Rule) -> list[str]:
    """Every finding of one rule in the service, one line each."""
    return [
        f"{path}:{line}: {message}"
        for path in list_sources()
        for line, message in rule(ast.parse((ROOT / path).read_text(encoding="utf-8")), path)
    ]


def find_all_in_text(rule: TextRule) -> list[str]:
    """Every finding of one rule in every file of text, one line each."""
    found = []
    for path in list_files():
        try:
            text = (ROOT / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path}:{line}: {message}" for line, message in rule(text, path)]
    return found
