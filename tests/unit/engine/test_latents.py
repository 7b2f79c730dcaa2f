"""Noise by seed, guidance, and the picture that is hidden in noise."""

from typing import Any

import pytest
import torch
from diffusers import DDIMScheduler
from diffusers.utils.torch_utils import randn_tensor

from worker.engine.guidance import guide
from worker.engine.latents import clean_latents, draw_noise, seeded_generator


@pytest.mark.parametrize("seed", [0, 1, 2**32 + 1, 2**63 - 1])
def test_noise_is_what_diffusers_draws_for_the_seed(seed: int) -> None:
    generator = torch.Generator("cpu").manual_seed(seed)
    expected = randn_tensor((1, 4, 16, 8), generator=generator, dtype=torch.float32)
    assert torch.equal(draw_noise(seeded_generator(seed), (4, 16, 8), torch.float32), expected)


def test_guidance_pushes_away_from_the_negative_prompt() -> None:
    noise_pred = torch.tensor([1.0, 3.0]).reshape(2, 1, 1, 1)
    assert guide(noise_pred, 2.5).item() == 6.0
    assert torch.equal(guide(noise_pred[1:], 1.0), noise_pred[1:])


@pytest.mark.parametrize("prediction_type", ["epsilon", "v_prediction", "sample"])
def test_the_true_prediction_gives_the_clean_latents_back(prediction_type: str) -> None:
    clean = draw_noise(seeded_generator(1), (4, 8, 8), torch.float32)
    noise = draw_noise(seeded_generator(2), (4, 8, 8), torch.float32)
    scheduler: Any = DDIMScheduler()
    when = torch.tensor([500])
    prediction = {
        "epsilon": noise,
        "v_prediction": scheduler.get_velocity(clean, noise, when),
        "sample": clean,
    }[prediction_type]
    noisy = scheduler.add_noise(clean, noise, when)
    alpha_cumprod = float(scheduler.alphas_cumprod[500])
    found = clean_latents(noisy, prediction, alpha_cumprod, prediction_type)
    torch.testing.assert_close(found, clean, atol=1e-4, rtol=1e-4)


def test_an_unknown_prediction_type_is_refused() -> None:
    with pytest.raises(ValueError, match="flow"):
        clean_latents(torch.zeros(1), torch.zeros(1), 0.5, "flow")
