"""The autoencoder: its form, its start, and the whitening of its latents."""

import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL
from torch import Tensor

from models.recipe.networks import Autoencoder, Convolution

LATENT_CHANNELS = 4
ALWAYS_ON = 2.0
# A step of 13 of 255 levels is an edge; gradients in the sky are not.
EDGE_STEP = 0.1
EDGE_WEIGHT = 3.0


def make_autoencoder() -> Autoencoder:
    """Build the autoencoder with a start that learns colours at once.

    One norm group over all channels keeps their relative scale, and two constant channels give the
    norm a fixed reference: absolute levels survive it.
    """
    vae: Autoencoder = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(16, 32, 64, 96),
        layers_per_block=1,
        latent_channels=LATENT_CHANNELS,
        norm_num_groups=1,
        sample_size=128,
        scaling_factor=1.0,
        force_upcast=False,
        mid_block_add_attention=False,
    )
    with torch.no_grad():
        for conv in (vae.encoder.conv_in, vae.decoder.conv_in):
            start_constant_channels(conv)
        for name, module in vae.named_modules():
            if name.endswith("conv2"):
                module.weight *= 0.1
            elif name.endswith(("conv_shortcut", "upsamplers.0.conv")):
                start_as_identity(module)
            elif name.endswith("downsamplers.0.conv"):
                start_as_average(module)
    return vae


def start_constant_channels(conv: Convolution) -> None:
    """Make the first two channels constant, one positive and one negative."""
    conv.weight[:2] = 0
    conv.bias[0], conv.bias[1] = ALWAYS_ON, -ALWAYS_ON


def start_as_identity(conv: Convolution) -> None:
    """Pass every channel that exists on both sides through the centre of the kernel."""
    weight, bias = conv.weight, conv.bias
    kept, middle = min(weight.shape[:2]), weight.shape[-1] // 2
    weight[:kept] *= 0.1
    bias[:kept] = 0
    weight[range(kept), range(kept), middle, middle] += 1


def start_as_average(conv: Convolution) -> None:
    """Average the four pixels that a strided convolution with padding (0, 1, 0, 1) replaces."""
    weight, bias = conv.weight, conv.bias
    channels = range(weight.shape[0])
    weight *= 0.3
    bias.zero_()
    for row in range(2):
        for column in range(2):
            weight[channels, channels, row, column] += 0.25


def reconstruction_loss(decoded: Tensor, pictures: Tensor) -> Tensor:
    """Weigh levels, edges and large errors, and all of them more where something is drawn.

    Args:
        decoded: Reconstruction, (B, 3, H, W), from -1 to 1.
        pictures: Truth, same shape.
    """
    weight = 1 + EDGE_WEIGHT * near_edges(pictures)
    error = decoded - pictures
    across = (weight[..., 1:] * (error[..., 1:] - error[..., :-1]).abs()).mean()
    down = (weight[..., 1:, :] * (error[..., 1:, :] - error[..., :-1, :]).abs()).mean()
    levels = (weight * (error.abs() + 0.5 * error.square())).mean()
    return levels + 0.5 * (across + down)


def near_edges(pictures: Tensor) -> Tensor:
    """Mark, with 1, what lies within two pixels of an edge: (B, 1, H, W).

    Args:
        pictures: (B, 3, H, W), from -1 to 1.
    """
    across = F.pad((pictures[..., 1:] - pictures[..., :-1]).abs(), (0, 1))
    down = F.pad((pictures[..., 1:, :] - pictures[..., :-1, :]).abs(), (0, 0, 0, 1))
    steep = torch.maximum(across, down).amax(1, keepdim=True) > EDGE_STEP
    return F.max_pool2d(steep.float(), 5, stride=1, padding=2)


@torch.no_grad()
def whiten(vae: Autoencoder, latents: Tensor) -> None:
    """Give the latents zero mean and unit covariance; the change is undone before decoding.

    Stable Diffusion's pipeline can scale latents but not shift or rotate them, so the change is
    baked into the two 1x1 convolutions around the latents.

    Args:
        vae: Its `quant_conv` and `post_quant_conv` are rewritten.
        latents: Latent means of many pictures, (B, 4, H/8, W/8).
    """
    flat = latents.double().permute(1, 0, 2, 3).flatten(1)  # (4, N)
    mean = flat.mean(1)
    values, vectors = torch.linalg.eigh(torch.cov(flat))
    forward = vectors @ torch.diag(values.rsqrt()) @ vectors.T
    backward = vectors @ torch.diag(values.sqrt()) @ vectors.T
    before, after = vae.quant_conv, vae.post_quant_conv
    half = LATENT_CHANNELS
    weight, bias = before.weight.double()[:half, :, 0, 0], before.bias.double()[:half]
    before.weight[:half, :, 0, 0] = forward @ weight
    before.bias[:half] = forward @ (bias - mean)
    # Nothing samples these latents in training, so their stated spread becomes negligible.
    before.weight[half:], before.bias[half:] = 0, -12
    weight = after.weight.double()[:, :, 0, 0]
    after.bias.copy_(after.bias.double() + weight @ mean)
    after.weight[:, :, 0, 0] = weight @ backward
