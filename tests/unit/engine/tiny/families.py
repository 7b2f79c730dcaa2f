"""One folder in diffusers' layout for each family; pictures of 64 pixels take milliseconds."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    DDIMScheduler,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    FluxPipeline,
    FluxTransformer2DModel,
    SD3Transformer2DModel,
    StableDiffusion3Pipeline,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)

from tests.unit.engine.tiny.parts import (
    END,
    WIDTH,
    make_clip,
    make_clip_tokenizer,
    make_clip_with_projection,
    make_t5,
    make_t5_tokenizer,
    make_vae,
)

OVERFLOW = 1e5  # times the first activations of a decoder: more than float16 holds
BETAS = {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012}
UNET: dict[str, Any] = {
    "sample_size": 8,
    "block_out_channels": (16, 32),
    "layers_per_block": 1,
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
    "attention_head_dim": 2,
    "norm_num_groups": 8,
    "use_linear_projection": True,
}


def make_sd21(guidance_width: int | None = None) -> Any:
    """v-prediction and an OpenCLIP encoder; with a width, distilled to be told the guidance."""
    return StableDiffusionPipeline(
        vae=make_vae(),
        text_encoder=make_clip("gelu"),
        tokenizer=make_clip_tokenizer("!"),
        unet=UNet2DConditionModel(
            **UNET, cross_attention_dim=WIDTH, time_cond_proj_dim=guidance_width
        ),
        scheduler=DDIMScheduler(
            **BETAS,
            prediction_type="v_prediction",
            clip_sample=False,
            set_alpha_to_one=False,
            steps_offset=1,
        ),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def make_sdxl(*, force_upcast: bool = True, force_zeros: bool = True) -> Any:
    """Two encoders, their pooled output, sizes as numbers, a decoder that overflows in float16."""
    vae = make_vae(force_upcast=force_upcast)
    overflow(vae)
    return StableDiffusionXLPipeline(
        vae=vae,
        text_encoder=make_clip(),
        text_encoder_2=make_clip_with_projection("gelu"),
        tokenizer=make_clip_tokenizer(END),
        tokenizer_2=make_clip_tokenizer("!"),
        unet=UNet2DConditionModel(
            **UNET,
            cross_attention_dim=2 * WIDTH,
            addition_embed_type="text_time",
            addition_time_embed_dim=4,
            projection_class_embeddings_input_dim=WIDTH + 6 * 4,
        ),
        # Its file speaks of other schedulers too, as the true one does.
        scheduler=EulerDiscreteScheduler.from_config(
            BETAS
            | {"timestep_spacing": "leading", "steps_offset": 1}
            | {"clip_sample": False, "set_alpha_to_one": False, "skip_prk_steps": True}
        ),
        force_zeros_for_empty_prompt=force_zeros,
        add_watermarker=False,
    )


def overflow(vae: Any) -> None:
    """Let a decoder's activations leave float16; its last normalization takes the factor out."""
    for weight in (vae.decoder.conv_in.weight, vae.decoder.conv_in.bias):
        weight.data *= OVERFLOW


def make_sd3() -> Any:
    """Three encoders; flow; one layer of SD 3.5's attention."""
    return StableDiffusion3Pipeline(
        transformer=SD3Transformer2DModel(
            sample_size=8,
            patch_size=2,
            in_channels=4,
            out_channels=4,
            num_layers=2,
            attention_head_dim=8,
            num_attention_heads=2,
            joint_attention_dim=2 * WIDTH,
            caption_projection_dim=16,
            pooled_projection_dim=2 * WIDTH,
            pos_embed_max_size=16,
            dual_attention_layers=(0,),
            qk_norm="rms_norm",
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        vae=make_vae(shift_factor=0.06, use_quant_conv=False, use_post_quant_conv=False),
        text_encoder=make_clip_with_projection(),
        tokenizer=make_clip_tokenizer(END),
        text_encoder_2=make_clip_with_projection("gelu"),
        tokenizer_2=make_clip_tokenizer("!"),
        text_encoder_3=make_t5(2 * WIDTH),
        tokenizer_3=make_t5_tokenizer(),
    )


def make_sd3_without_t5() -> Any:
    """As many run it, to spare the memory."""
    pipeline = make_sd3()
    pipeline.register_modules(text_encoder_3=None, tokenizer_3=None)
    return pipeline


def make_flux_dev() -> Any:
    """Guidance is an input of the network; the noise shifts with the picture's size."""
    return _make_flux(
        FlowMatchEulerDiscreteScheduler(
            shift=3.0,
            use_dynamic_shifting=True,
            base_shift=0.5,
            max_shift=1.15,
            base_image_seq_len=256,
            max_image_seq_len=4096,
        ),
        has_guidance=True,
    )


def make_flux_schnell() -> Any:
    """No guidance at all, and a few steps."""
    return _make_flux(FlowMatchEulerDiscreteScheduler(shift=1.0), has_guidance=False)


def _make_flux(scheduler: FlowMatchEulerDiscreteScheduler, *, has_guidance: bool) -> Any:
    return FluxPipeline(
        scheduler=scheduler,
        vae=make_vae(shift_factor=0.12, use_quant_conv=False, use_post_quant_conv=False),
        text_encoder=make_clip(),
        tokenizer=make_clip_tokenizer(END),
        text_encoder_2=make_t5(2 * WIDTH),
        tokenizer_2=make_t5_tokenizer(),
        transformer=FluxTransformer2DModel(
            in_channels=16,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=8,
            num_attention_heads=2,
            joint_attention_dim=2 * WIDTH,
            pooled_projection_dim=WIDTH,
            guidance_embeds=has_guidance,
            axes_dims_rope=(2, 2, 4),
        ),
    )


FAMILIES: dict[str, Callable[[], Any]] = {
    "sd21": make_sd21,
    "sd21-distilled": lambda: make_sd21(guidance_width=8),
    "sdxl": make_sdxl,
    "sdxl-encoded": lambda: make_sdxl(force_zeros=False),
    "sd3": make_sd3,
    "sd3-without-t5": make_sd3_without_t5,
    "flux": make_flux_dev,
    "flux-schnell": make_flux_schnell,
}


def save_tiny(make: Callable[[], Any], folder: Path) -> None:
    """Build a pipeline, always with the same weights, and save it."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        pipeline = make()
    pipeline.save_pretrained(folder)
