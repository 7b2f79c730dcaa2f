"""The hash that names a model's weights in receipts and caches."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from worker.engine.weights_hash import weights_hash

BY_HAND = "find * -name '*.safetensors' | LC_ALL=C sort | xargs sha256sum | sha256sum"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for part in ("unet", "vae", "Text-encoder"):
        (tmp_path / part).mkdir()
        (tmp_path / part / "model.safetensors").write_bytes(part.encode())
    return tmp_path


def test_it_is_what_anyone_computes_by_hand(folder: Path) -> None:
    by_hand = subprocess.run(
        BY_HAND, shell=True, cwd=folder, capture_output=True, text=True, check=True
    )
    assert weights_hash(folder) == by_hand.stdout.split()[0]


def test_it_follows_the_weights_and_nothing_else(folder: Path, tmp_path: Path) -> None:
    before = weights_hash(folder)
    (folder / "model_index.json").write_text("{}")
    assert weights_hash(folder) == before
    (folder / "unet" / "model.safetensors").write_bytes(b"another")
    changed = weights_hash(folder)
    (folder / "unet").rename(folder / "transformer")
    assert len({before, changed, weights_hash(folder)}) == 3


def test_a_copy_elsewhere_has_the_same(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    copy = tmp_path_factory.mktemp("copy") / "model"
    shutil.copytree(folder, copy)
    assert weights_hash(copy) == weights_hash(folder)


def test_an_unchanged_file_is_not_read_again(folder: Path) -> None:
    """Seen by changing what only a reader would see: size and time of change stay."""
    before, file = weights_hash(folder), folder / "vae" / "model.safetensors"
    seen = file.stat()
    file.write_bytes(b"vaf")
    os.utime(file, ns=(seen.st_atime_ns, seen.st_mtime_ns))
    assert weights_hash(folder) == before
    os.utime(file, ns=(seen.st_atime_ns, seen.st_mtime_ns + 1))
    assert weights_hash(folder) != before


def test_a_folder_without_weights(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="holds no safetensors"):
        weights_hash(tmp_path)
