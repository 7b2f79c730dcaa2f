"""What a model takes is known before it is loaded, and one that cannot fit is not begun."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from tests.unit.engine.requests import CPU
from worker.engine.errors import ModelTooLarge
from worker.engine.loading import load_model
from worker.engine.memory import DeviceMemory
from worker.engine.model_memory import check_model_fits, count_model_bytes


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_model_takes_what_its_files_say(tiny: Path, dtype: torch.dtype) -> None:
    """The files name each tensor that the loaded parts hold; buffers made at load are few."""
    pipeline = load_model(tiny, "sd15", CPU, dtype)._pipeline  # type: ignore[attr-defined]
    parts = (pipeline.unet, pipeline.vae, pipeline.text_encoder)
    held = sum(weight.nbytes for part in parts for weight in part.parameters())
    assert held <= count_model_bytes(tiny, dtype) <= 1.01 * held


def test_variants_and_parts_that_are_not_loaded_do_not_count(tmp_path: Path) -> None:
    weights = {"weight": torch.ones(10), "ids": torch.ones(3, dtype=torch.int64)}
    for name in ("unet/model", "unet/model.fp16", "vae/only.fp16", "safety_checker/model"):
        file = tmp_path / f"{name}.safetensors"
        file.parent.mkdir(exist_ok=True)
        save_file(weights, file)
    (tmp_path / "text_encoder").mkdir()
    (tmp_path / "text_encoder" / "model.safetensors").write_bytes(b"damaged")
    assert count_model_bytes(tmp_path, torch.float16) == 2 * (10 * 2 + 3 * 8)


def test_a_model_that_cannot_fit_is_refused_with_the_reason(tiny: Path) -> None:
    check_model_fits(tiny, torch.float32, DeviceMemory(CPU))
    with pytest.raises(ModelTooLarge, match=r"^it needs \d+ MB, and 0 MB are free$"):
        check_model_fits(tiny, torch.float32, DeviceMemory(CPU, limit_bytes=1))
