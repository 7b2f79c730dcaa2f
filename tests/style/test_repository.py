"""The lock is whole for every Python it serves, and the tree stays small."""

import importlib.metadata
import re

from packaging.requirements import Requirement

from tests.style.sources import ROOT, list_files

MAX_WEIGHTS_BYTES = 20 * 1024**2
MAX_TREE_BYTES = 60 * 1024**2
PYTHONS = ("3.11.0", "3.12.0", "3.13.0")
OF_TORCH = re.compile(r"^(torch(vision|audio)?(=|$)|triton|nvidia-|cuda-)")


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def locked() -> dict[str, int]:
    """How many hashes each locked package has."""
    found: dict[str, int] = {}
    name = ""
    for line in (ROOT / "requirements.lock").read_text().splitlines():
        if match := re.match(r"([A-Za-z0-9_.-]+)==", line):
            name = normal(match[1])
            found[name] = 0
        found[name] = found.get(name, 0) + line.count("--hash=sha256:")
    found.pop("", None)
    return found


def missing_from(lock: set[str]) -> list[str]:
    """What a locked package needs on one of the Pythons and the lock does not have."""
    return [
        f"{name} needs {needed.name} on Python {python}"
        for name in sorted(lock)
        for needed in map(Requirement, importlib.metadata.requires(name) or ())
        for python in PYTHONS
        if normal(needed.name) not in lock | {"torch"} and applies(needed, python)
    ]


def applies(needed: Requirement, python: str) -> bool:
    marks = {"python_version": python[:4], "python_full_version": python, "extra": ""}
    return needed.marker is None or needed.marker.evaluate(marks)


def test_the_lock_is_whole() -> None:
    assert not missing_from(set(locked()))


def test_a_hole_in_the_lock_is_seen() -> None:
    assert "fastapi needs starlette on Python 3.11.0" in missing_from(set(locked()) - {"starlette"})


def test_everything_locked_has_hashes() -> None:
    assert not [name for name, hashes in locked().items() if hashes == 0]


def test_torch_is_pinned_beside_the_lock() -> None:
    assert not [name for name in locked() if OF_TORCH.match(name)]
    lines = (ROOT / "requirements-torch.txt").read_text().splitlines()
    assert re.fullmatch(r"torch==\d+\.\d+\.\d+", lines[-1])


def test_the_tree_stays_small() -> None:
    sizes = {path: (ROOT / path).stat().st_size for path in list_files()}
    assert sum(sizes.values()) < MAX_TREE_BYTES
    weights: dict[str, int] = {}
    for path, size_bytes in sizes.items():
        if path.suffix == ".safetensors":
            model = "/".join(path.parts[:2])
            weights[model] = weights.get(model, 0) + size_bytes
    assert not {model: total for model, total in weights.items() if total > MAX_WEIGHTS_BYTES}


def test_the_tests_have_a_home() -> None:
    known = {"unit", "integration", "contract", "end_to_end", "faults", "browser", "style"}
    known |= {"exact", "soak", "deploy"}
    tests = [path for path in list_files() if path.name.startswith("test_")]
    assert not [str(path) for path in tests if path.parts[1] not in known]
