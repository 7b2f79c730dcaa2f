"""Between two noises every step of the way is noise."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from worker.engine.slerp import slerp

SHARES = st.floats(0, 1)
SEEDS = st.integers(0, 2**32)


@given(one=SEEDS, other=SEEDS)
def test_both_ends_are_reached_to_the_bit(one: int, other: int) -> None:
    start, end = _noise(one), _noise(other)
    assert torch.equal(slerp(start, end, 0), start)
    assert torch.equal(slerp(start, end, 1), end)


@given(share=SHARES)
def test_noise_keeps_its_variance(share: float) -> None:
    turned = slerp(_noise(1), _noise(2), share)
    assert turned.std().item() == pytest.approx(1, abs=0.05)


@given(share=SHARES, angle=st.floats(0.05, math.pi - 0.05))
def test_the_share_is_that_of_the_angle(share: float, angle: float) -> None:
    start = torch.tensor([1.0, 0.0])
    end = torch.tensor([math.cos(angle), math.sin(angle)])
    turned = slerp(start, end, share)
    assert turned.tolist() == pytest.approx(
        [math.cos(share * angle), math.sin(share * angle)], abs=1e-4
    )


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_equal_ends_and_small_types_give_numbers(dtype: torch.dtype) -> None:
    noise = _noise(3).to(dtype)
    turned = slerp(noise, noise.clone(), 0.3)
    assert turned.dtype == dtype
    assert torch.equal(turned, noise)


def _noise(seed: int) -> torch.Tensor:
    return torch.randn((1, 4, 16, 16), generator=torch.Generator("cpu").manual_seed(seed))
