"""What `atelier eval` measures."""

import numpy as np
import pytest

from models.recipe.load_pipeline import Setting
from models.recipe.settings_grid import SEEDS_EACH, Grid, Plan, mean_distance


def test_each_setting_is_measured_once() -> None:
    own = Setting("ddim", 10, 2.5)
    plan = Plan(own, ("ddim", "euler"), (10, 20), (2.5, 5.0))
    settings = plan.settings()
    assert settings[0] == own
    assert len(settings) == len(set(settings)) == 5
    with pytest.raises(LookupError):
        Grid(plan, (), {}, ()).find(own)


def test_distance_is_between_pictures_of_one_prompt_only() -> None:
    dark, light = (np.full((4, 4, 3), level, np.uint8) for level in (0, 255))
    assert mean_distance([dark] * SEEDS_EACH + [light] * SEEDS_EACH) == 0
    mixed = [dark, light] + [dark] * (SEEDS_EACH - 2)
    assert mean_distance(mixed) == pytest.approx(255 / 2)
