"""What a preview shows: the picture that is hidden in noise, for every scheduler and spacing."""

import math
from typing import Any

import pytest
import torch

from tests.unit.engine.stock import STOCK
from tests.unit.engine.test_schedulers import FLOW_MODEL, NOISE_MODEL, V_MODEL
from worker.engine.conditioning import Conditioning
from worker.engine.enter_schedule import add_noise, enter_schedule
from worker.engine.latents import draw_noise, seeded_generator
from worker.engine.scheduler_names import SCHEDULERS, list_schedulers
from worker.engine.schedulers import make_scheduler
from worker.engine.start import Start
from worker.engine.trajectory import Trajectory

STEPS, TOLERANCE = 20, 0.03
FIRST_STEP = {"lms": 0, "pndm": 0}  # diffusers' own take wrong steps where they begin in the middle
CLEAN = draw_noise(seeded_generator(1), (4, 8, 8), torch.float32)
NOISE = draw_noise(seeded_generator(2), (4, 8, 8), torch.float32)
SPACED_NAMES = [
    (name, sigmas, config)
    for config in (V_MODEL, NOISE_MODEL, FLOW_MODEL)
    for name in list_schedulers(config)
    for sigmas in SCHEDULERS[name].list_spacings(config)
]


@pytest.mark.parametrize(("name", "sigmas", "config"), SPACED_NAMES)
def test_the_true_prediction_gives_the_picture_back(name: str, sigmas: str, config: Any) -> None:
    """Over a step and a half of those that take two forward passes, too."""
    trajectory = _begin(name, sigmas, config)
    for _ in range(1 if SCHEDULERS[name].is_random else 3):
        trajectory.noise_pred = _predict(trajectory)
        found = trajectory.predict_clean_latents()
        torch.testing.assert_close(found, CLEAN, atol=TOLERANCE, rtol=TOLERANCE)
        trajectory.advance()


@pytest.mark.parametrize("name", STOCK)
def test_pure_noise_has_a_finite_picture(name: str) -> None:
    scheduler = make_scheduler(name, V_MODEL, STEPS)
    start = Start(
        latents=NOISE * scheduler.init_noise_sigma, num_steps=STEPS, generator=seeded_generator(3)
    )
    trajectory = Trajectory(start, scheduler, Conditioning({}, 1))
    trajectory.noise_pred = -CLEAN
    found = trajectory.predict_clean_latents()
    torch.testing.assert_close(found, CLEAN, atol=0.1, rtol=0.1)  # some have a little signal left


def _begin(name: str, sigmas: str, config: Any) -> Trajectory:
    scheduler = make_scheduler(name, config, STEPS, sigmas=sigmas)
    first_step = FIRST_STEP.get(name, STEPS // 2)
    first = enter_schedule(scheduler, first_step)
    start = Start(
        latents=add_noise(scheduler, CLEAN, NOISE, scheduler.timesteps[first]),
        first_timestep=first,
        num_steps=STEPS - first_step,
        generator=seeded_generator(3),
    )
    return Trajectory(start, scheduler, Conditioning({}, 1))


def _predict(trajectory: Trajectory) -> torch.Tensor:
    """Say what a model would that knows the picture and the noise."""
    kind = trajectory.scheduler.config.get("prediction_type")
    if kind == "epsilon":
        return NOISE
    if kind != "v_prediction":
        return NOISE - CLEAN
    both = torch.stack([CLEAN.flatten(), NOISE.flatten()], dim=1)
    seen = trajectory.model_input().reshape(-1, 1)
    signal, noise = torch.linalg.lstsq(both, seen).solution.flatten().tolist()
    assert math.isclose(signal**2 + noise**2, 1, abs_tol=0.01)
    velocity: torch.Tensor = signal * NOISE - noise * CLEAN
    return velocity
