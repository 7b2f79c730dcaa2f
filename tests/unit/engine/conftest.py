from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from hypothesis import settings

from tests.unit.engine.tiny_model import save_tiny_model

MINI = Path(__file__).parents[3] / "models" / "mini"
V_PREDICTION = {
    "prediction_type": "v_prediction",
    "rescale_betas_zero_snr": True,
    "timestep_spacing": "trailing",
    "clip_sample": False,
    "steps_offset": 1,
}
# As the first Stable Diffusion folders were: the pipeline has to correct both.
EPSILON = {"prediction_type": "epsilon", "clip_sample": True, "steps_offset": 0}


# How long an example takes says nothing on a machine that others use too.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    save_tiny_model(folder, V_PREDICTION)
    return folder


@pytest.fixture(scope="session")
def tiny_epsilon(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny_epsilon")
    save_tiny_model(folder, EPSILON)
    return folder


@pytest.fixture(scope="session")
def mini() -> Path:
    return MINI
