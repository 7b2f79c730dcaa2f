"""The denoising network, its noise schedule, and the quantity it learns."""

import torch
from diffusers import DDIMScheduler, UNet2DConditionModel
from torch import Tensor

from models.recipe.networks import Scheduler, UNet
from models.recipe.text_encoder import WIDTH

MAX_WEIGHT = 5.0


def make_unet() -> UNet:
    """Build the U-Net; pooled text also enters through the time embedding, as scale and shift."""
    return UNet2DConditionModel(
        sample_size=16,
        in_channels=4,
        out_channels=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        block_out_channels=(64, 96, 128),
        layers_per_block=1,
        cross_attention_dim=WIDTH,
        attention_head_dim=4,
        norm_num_groups=16,
        resnet_time_scale_shift="scale_shift",
        addition_embed_type="text",
        addition_embed_type_num_heads=8,
        encoder_hid_dim=WIDTH,
    )


def make_scheduler() -> Scheduler:
    """Build the scheduler that is saved with the model; it ends in pure noise."""
    return DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        prediction_type="v_prediction",
        rescale_betas_zero_snr=True,
        timestep_spacing="trailing",
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
    )


def noise_levels(count: int) -> Tensor:
    """Draw one training time per picture, one from each of `count` equal stretches: (B,)."""
    return ((torch.arange(count) + torch.rand(count)) / count * 1000).long().clamp(max=999)


def velocity_loss(predicted: Tensor, velocity: Tensor, alpha_squared: Tensor) -> Tensor:
    """Weigh the squared error so that no noise level dominates.

    Args:
        predicted: The network's velocity, (B, C, H/8, W/8).
        velocity: The true one, same shape.
        alpha_squared: Share of signal at each picture's time, (B,).

    Source: Hang et al. 2023, arXiv:2303.09556, for a velocity; the bound is on SNR + 1, so that
        pure noise keeps its weight.
    """
    # With v, SNR + 1 is 1 / (1 - alpha²); the weight is min(SNR + 1, bound) / (SNR + 1).
    weight = (MAX_WEIGHT * (1 - alpha_squared)).clamp(max=1.0)
    return (weight * (predicted - velocity).square().mean((1, 2, 3))).mean()
