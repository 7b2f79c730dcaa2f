"""A model that cannot be loaded says what is missing and where."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.unit.engine.requests import CPU
from worker.engine.errors import ModelUnavailable
from worker.engine.families.sd15 import StableDiffusion1
from worker.engine.loading import load_model


@pytest.fixture
def folder(tiny: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "model"
    shutil.copytree(tiny, copy)
    return copy


def test_weights_stored_in_half_precision_compute_in_the_precision_asked_for(folder: Path) -> None:
    for weights in folder.rglob("*.safetensors"):
        halves = {name: value.half() for name, value in load_file(weights).items()}
        save_file(halves, weights, metadata={"format": "pt"})
    loaded = load_model(folder, "sd15", CPU, torch.float32)
    assert isinstance(loaded, StableDiffusion1)
    parts = (loaded._pipeline.unet, loaded._pipeline.vae, loaded._pipeline.text_encoder)
    assert {part.dtype for part in parts} == {torch.float32}
    assert not any(part.training for part in parts)


def test_an_absent_folder(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match=r"absent has no model_index\.json"):
        load_model(tmp_path / "absent", "sd15", CPU, torch.float32)


def test_an_unknown_family(folder: Path) -> None:
    with pytest.raises(ModelUnavailable, match="'sd99'; there are sd15"):
        load_model(folder, "sd99", CPU, torch.float32)


def test_pickled_weights_are_not_weights(folder: Path) -> None:
    weights = next(folder.glob("unet/*.safetensors"))
    torch.save(load_file(weights), weights.with_suffix(".bin"))
    weights.unlink()
    with pytest.raises(ModelUnavailable, match=r"has no unet/\*\.safetensors"):
        load_model(folder, "sd15", CPU, torch.float32)


@pytest.mark.parametrize("part", ["unet", "vae", "text_encoder"])
def test_a_broken_file(folder: Path, part: str) -> None:
    next(folder.glob(f"{part}/*.safetensors")).write_bytes(b"\x00" * 64)
    with pytest.raises(ModelUnavailable, match="does not load as sd15"):
        load_model(folder, "sd15", CPU, torch.float32)


@pytest.mark.parametrize("part", ["unet", "vae", "text_encoder"])
def test_missing_weights_are_not_made_up(folder: Path, part: str) -> None:
    file = next(folder.glob(f"{part}/*.safetensors"))
    weights = load_file(file)
    lost = min(weights)
    del weights[lost]
    save_file(weights, file, metadata={"format": "pt"})
    with pytest.raises(ModelUnavailable, match=lost.replace(".", r"\.")):
        load_model(folder, "sd15", CPU, torch.float32)


def test_code_beside_the_weights_is_not_run(folder: Path, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    source = f"from pathlib import Path\nPath({str(ran)!r}).touch()\nclass Unet: pass\n"
    (folder / "unet" / "own_unet.py").write_text(source)
    index = json.loads((folder / "model_index.json").read_text())
    index["unet"] = ["own_unet", "Unet"]
    (folder / "model_index.json").write_text(json.dumps(index))
    with pytest.raises(ModelUnavailable):
        load_model(folder, "sd15", CPU, torch.float32)
    assert not ran.exists()
