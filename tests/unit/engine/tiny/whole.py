"""Pipelines that have no step adapter: one tells of each step, one does not."""

from typing import Any

from diffusers import (
    AuraFlowPipeline,
    AuraFlowTransformer2DModel,
    DPMSolverMultistepScheduler,
    FlowMatchEulerDiscreteScheduler,
    PixArtSigmaPipeline,
    PixArtTransformer2DModel,
)
from transformers import UMT5Config, UMT5EncoderModel

from tests.unit.engine.tiny.parts import (
    WIDTH,
    make_t5,
    make_t5_tokenizer,
    make_vae,
    t5_sizes,
)


def make_aura_flow() -> Any:
    """Has a step callback."""
    transformer: Any = AuraFlowTransformer2DModel(
        sample_size=8,
        num_mmdit_layers=1,
        num_single_dit_layers=1,
        attention_head_dim=8,
        num_attention_heads=2,
        joint_attention_dim=WIDTH,
        caption_projection_dim=16,
        pos_embed_max_size=64,
    )
    # A short prompt among 256 places is hardly seen else.
    transformer.joint_transformer_blocks[0].attn.to_out[0].weight.data *= 300
    return AuraFlowPipeline(
        tokenizer=make_t5_tokenizer(),
        text_encoder=UMT5EncoderModel(UMT5Config(**t5_sizes(WIDTH), is_encoder_decoder=False)),
        vae=make_vae(),
        transformer=transformer,
        scheduler=FlowMatchEulerDiscreteScheduler(shift=1.73),
    )


def make_pixart() -> Any:
    """Has no step callback."""
    return PixArtSigmaPipeline(
        tokenizer=make_t5_tokenizer(),
        text_encoder=make_t5(WIDTH),
        vae=make_vae(),
        transformer=PixArtTransformer2DModel(
            sample_size=32,
            num_layers=1,
            attention_head_dim=8,
            num_attention_heads=2,
            cross_attention_dim=16,
            caption_channels=WIDTH,
            use_additional_conditions=False,
        ),
        scheduler=DPMSolverMultistepScheduler(),
    )
