"""Latents to pictures and back: the part that all latent families share.

Two things may go wrong here that go wrong nowhere else. A decoder may overflow in float16: what
comes out as no number is decoded again in float32. And a decoder needs far more memory than a step:
where that is short, pictures are decoded one by one, then in tiles.
"""

import logging
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from worker.engine.errors import NonFinitePicture

_log = logging.getLogger(__name__)

LIVE_MAPS = 4  # of full size, as wide as the last block but one: 3 at the peak, 1 to work in
MIN_TILE = 32  # latents; smaller tiles would be all seam
MAX_REMEMBERED = 4  # pictures: both ends of an interpolation, and a masked one


class Autoencoder:
    """An `AutoencoderKL` with the scale of its model's latents.

    Args:
        vae: The network.
        image_processor: The pipeline's own, so that rounding is the library's.
        free_bytes: Memory left on the device.
        is_fragile: It is known to overflow in float16, which is not even tried.
    """

    def __init__(
        self,
        vae: Any,  # noqa: ANN401 - diffusers is untyped
        image_processor: Any,  # noqa: ANN401
        free_bytes: Callable[[], int],
        *,
        is_fragile: bool,
    ) -> None:
        self._vae = vae
        self._image_processor = image_processor
        self._free_bytes = free_bytes
        is_forced = is_fragile and vae.dtype == torch.float16
        self._dtype: torch.dtype = torch.float32 if is_forced else vae.dtype
        self._posteriors: OrderedDict[object, Any] = OrderedDict()  # last used at the end

    @property
    def channels(self) -> int:
        """Channels of the latents."""
        channels: int = self._vae.config.latent_channels
        return channels

    def estimate_decode_bytes(self, shape: tuple[int, int], dtype: torch.dtype) -> int:
        """Say what one picture takes at the decoder's peak; `shape` is the latents' (h, w)."""
        widths = self._vae.config.block_out_channels
        pixels = prod(shape) * 4 ** (len(widths) - 1)
        return int(LIVE_MAPS * pixels * widths[min(1, len(widths) - 1)] * dtype.itemsize)

    def encode(
        self, pixels: npt.NDArray[np.uint8 | np.float32], generator: torch.Generator
    ) -> torch.Tensor:
        """Draw latents (1, C, H/8, W/8) of a picture (H, W, 3), scaled as the denoiser has them."""
        latents = self._find_posterior(pixels).sample(generator).to(self._vae.dtype)
        shift, spread = self._shift_and_spread(latents)
        scaled: torch.Tensor = (latents - shift) * self._vae.config.scaling_factor / spread
        return scaled

    def _find_posterior(self, pixels: npt.NDArray[np.uint8 | np.float32]) -> Any:  # noqa: ANN401
        """Encode a picture (H, W, 3), or remember it: the images of a job often share theirs."""
        key = pixels.shape, pixels.dtype.str, sha256(pixels.tobytes()).digest()
        if key not in self._posteriors:
            values = torch.from_numpy(pixels[None].astype(np.float32) / 255).permute(0, 3, 1, 2)
            vae = self._vae
            with self._in(self._dtype):
                found = vae.encode((2 * values - 1).to(vae.device, vae.dtype)).latent_dist
            self._posteriors[key] = found
            if len(self._posteriors) > MAX_REMEMBERED:
                self._posteriors.popitem(last=False)
        self._posteriors.move_to_end(key)
        return self._posteriors[key]

    def decode(self, latents: torch.Tensor) -> npt.NDArray[np.uint8]:
        """Turn latents (B, C, H/8, W/8) into pictures (B, H, W, 3).

        Raises:
            NonFinitePicture: Even in float32 one of them is no picture.
        """
        values = self._image_processor.postprocess(self.decode_colours(latents), output_type="np")
        return np.asarray((values * 255).round().astype(np.uint8))

    def decode_colours(self, latents: torch.Tensor) -> torch.Tensor:
        """Turn latents (B, C, H/8, W/8) into colours around -1 to 1, (B, 3, H, W).

        Raises:
            NonFinitePicture: Even in float32 one of them is no picture.
        """
        colours = self._decode_in(self._dtype, latents)
        broken = ~colours.isfinite().flatten(1).all(1)
        if self._dtype != torch.float32 and broken.any():
            # Only those: a picture must not depend on its neighbours.
            colours[broken] = self._decode_in(torch.float32, latents[broken]).to(colours.dtype)
            broken = ~colours.isfinite().flatten(1).all(1)
        if broken.any():
            raise NonFinitePicture
        return colours

    def _decode_in(self, dtype: torch.dtype, latents: torch.Tensor) -> torch.Tensor:
        vae = self._vae
        with self._in(dtype):
            shift, spread = self._shift_and_spread(latents)
            unscaled = latents.to(dtype) * spread / vae.config.scaling_factor + shift
            with self._within_memory(unscaled):
                colours: torch.Tensor = vae.decode(unscaled, return_dict=False)[0]
        return colours

    def _shift_and_spread(self, latents: torch.Tensor) -> tuple[Any, Any]:
        """Return what latents are moved by and, beside the scaling factor, divided by."""
        config = self._vae.config
        mean, std = getattr(config, "latents_mean", None), getattr(config, "latents_std", None)
        if mean is None or std is None:
            return getattr(config, "shift_factor", None) or 0, 1
        shape = (1, len(mean), 1, 1)
        return latents.new_tensor(mean).view(shape), latents.new_tensor(std).view(shape)

    @contextmanager
    def _in(self, dtype: torch.dtype) -> Iterator[None]:
        """Let the network compute in another format; widening and narrowing loses nothing."""
        own = self._vae.dtype
        if own == dtype:
            yield
            return
        self._vae.to(dtype)
        try:
            yield
        finally:
            self._vae.to(own)

    @contextmanager
    def _within_memory(self, latents: torch.Tensor) -> Iterator[None]:
        """Decode one by one or in tiles if the device has no room for more."""
        vae, (count, _, height, width) = self._vae, latents.shape
        free = self._free_bytes()
        one = self.estimate_decode_bytes((height, width), latents.dtype)
        tile = max(height, width)
        while tile > MIN_TILE and self.estimate_decode_bytes((tile, tile), latents.dtype) > free:
            tile //= 2
        vae.use_slicing = count * one > free
        vae.use_tiling = one > free
        before = vae.tile_latent_min_size, vae.tile_sample_min_size
        if vae.use_tiling:
            _log.warning("decoding in tiles: %d MiB are free, %d needed", free >> 20, one >> 20)
            pixels_per_latent = 2 ** (len(vae.config.block_out_channels) - 1)
            vae.tile_latent_min_size, vae.tile_sample_min_size = tile, tile * pixels_per_latent
        try:
            yield
        finally:
            vae.use_slicing = vae.use_tiling = False
            vae.tile_latent_min_size, vae.tile_sample_min_size = before
