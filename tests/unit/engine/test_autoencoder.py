"""Decoders that overflow in float16 and pictures too large for the memory that is left."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers.image_processor import VaeImageProcessor

from tests.unit.engine.requests import (
    CPU,
    check_same_picture,
    finished,
    new_request,
    run_to_end,
)
from tests.unit.engine.stock_family import stock_image
from tests.unit.engine.tiny.families import make_sdxl, overflow, save_tiny
from tests.unit.engine.tiny.parts import make_vae
from worker.engine.engine import Engine
from worker.engine.errors import NonFinitePicture
from worker.engine.families.autoencoder import Autoencoder
from worker.engine.loading import load_model

PLENTY = 2**40


def make(vae: Any, free_bytes: int = PLENTY, *, is_fragile: bool = False) -> Autoencoder:
    processor = VaeImageProcessor(vae_scale_factor=8)
    return Autoencoder(vae.eval(), processor, lambda: free_bytes, is_fragile=is_fragile)


def draw(count: int = 1, size: int = 8, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randn(count, 4, size, size, generator=generator).to(dtype)


@pytest.fixture(autouse=True)
def same_weights() -> Iterator[None]:
    """The same random weights each time: how much a tile sees of its picture hangs on them."""
    with torch.random.fork_rng():
        torch.manual_seed(1)
        yield


@pytest.fixture
def overflowing() -> Any:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        vae = make_vae()
    overflow(vae)
    return vae


@torch.inference_mode()
@pytest.mark.parametrize("is_fragile", [True, False])
def test_what_overflows_in_float16_is_decoded_in_float32(
    overflowing: Any, is_fragile: bool
) -> None:
    latents = draw(dtype=torch.float16)
    expected = make(overflowing).decode(latents.float())
    half = overflowing.half()
    assert not half.decode(latents / 0.5).sample.isfinite().all()
    picture = make(half, is_fragile=is_fragile).decode(latents)
    assert half.dtype == torch.float16
    assert np.abs(picture.astype(int) - expected.astype(int)).max() <= 1
    assert picture.std() > 10


@torch.inference_mode()
def test_only_the_picture_that_overflows_is_decoded_again(overflowing: Any) -> None:
    """Else a picture would depend on its neighbours."""
    for weight in (overflowing.decoder.conv_in.weight, overflowing.decoder.conv_in.bias):
        weight.data /= 1000  # now it takes large latents
    half, calm = overflowing.half(), draw(dtype=torch.float16)
    both = make(half).decode(torch.cat([calm, 1000 * calm]))
    assert np.array_equal(both[:1], make(half).decode(torch.cat([calm, calm]))[:1])
    assert not half.decode(1000 * calm / 0.5).sample.isfinite().all()


@torch.inference_mode()
def test_latents_that_decode_to_no_number_anywhere_say_so(overflowing: Any) -> None:
    for vae in (overflowing, overflowing.half()):
        with pytest.raises(NonFinitePicture):
            make(vae).decode(torch.full((1, 4, 8, 8), torch.nan, dtype=vae.dtype))


@torch.inference_mode()
def test_pictures_that_do_not_fit_together_are_decoded_one_by_one() -> None:
    vae: Any = make_vae()
    latents = draw(count=3)
    roomy = make(vae)
    expected, one = roomy.decode(latents), roomy.estimate_decode_bytes((8, 8), torch.float32)
    narrow = make(vae, free_bytes=2 * one)
    sizes = _watch_decoder(vae)
    check_same_picture(narrow.decode(latents), expected)
    assert sizes == [(1, 8, 8)] * 3
    assert not vae.use_slicing


@torch.inference_mode()
def test_a_picture_that_does_not_fit_is_decoded_in_tiles() -> None:
    vae: Any = make_vae()
    latents = draw(size=64)
    roomy = make(vae)
    expected = roomy.decode(latents)
    narrow = make(vae, free_bytes=roomy.estimate_decode_bytes((32, 32), torch.float32))
    sizes = _watch_decoder(vae)
    picture = narrow.decode(latents)
    assert picture.shape == expected.shape
    assert max(max(height, width) for _, height, width in sizes) == 32
    assert np.abs(picture.astype(int) - expected.astype(int)).mean() < 0.1 * expected.std()
    assert not vae.use_tiling
    check_same_picture(roomy.decode(latents), expected)


@torch.inference_mode()
def test_a_picture_is_encoded_as_it_is_decoded(overflowing: Any) -> None:
    """With shift and spread, there and back again, whatever the format."""
    vae: Any = make_vae(latents_mean=[0.1, 0.2, 0.3, 0.4], latents_std=[1.0, 2.0, 3.0, 4.0])
    scaled = make(vae)
    pixels = scaled.decode(draw())[0]
    values = torch.from_numpy(pixels / np.float32(127.5) - 1).permute(2, 0, 1)[None]
    drawn = vae.encode(values).latent_dist.sample(torch.Generator().manual_seed(3))
    mean, std = torch.tensor(vae.config.latents_mean), torch.tensor(vae.config.latents_std)
    expected = (drawn - mean.view(1, 4, 1, 1)) * 0.5 / std.view(1, 4, 1, 1)
    latents = scaled.encode(pixels, torch.Generator().manual_seed(3))
    assert torch.allclose(latents, expected, atol=1e-5)


def test_sdxl_in_float16_resembles_its_pipeline(tmp_path: Path) -> None:
    save_tiny(make_sdxl, tmp_path)
    model = load_model(tmp_path, "sdxl", CPU, torch.float16)
    engine = Engine(lambda _: model, CPU, torch.float16, max_slots=8)
    engine.load("sdxl")
    request = new_request("job", model="sdxl")
    picture = finished(run_to_end(engine, {0: [request]}))["job"].images[0]
    expected = stock_image("sdxl", tmp_path, request, dtype=torch.float16)
    difference = picture.astype(float) - expected.astype(float)
    assert 10 * np.log10(255**2 / max((difference**2).mean(), 1e-9)) >= 35


def _watch_decoder(vae: Any) -> list[tuple[int, int, int]]:
    """Count, latent height and width of each pass through the decoder."""
    sizes: list[tuple[int, int, int]] = []
    vae.decoder.register_forward_pre_hook(
        lambda _, inputs: sizes.append((len(inputs[0]), *inputs[0].shape[-2:]))
    )
    return sizes
