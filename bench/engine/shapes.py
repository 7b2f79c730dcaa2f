"""Random weights of true shapes, since speed does not depend on values: for a GPU.

The classes and sizes are those of the published models. Tokenizers know letters only, and the
largest text encoder of `dit` has one layer of 24: prompts are encoded once, outside the steps.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench.engine.subject import Subject, import_torch, mini

FOLDER = Path(__file__).parents[1] / "out"
SHAPES = ("mini", "sd15", "sdxl", "dit")
CLIP_LENGTH = 77
BETAS: dict[str, Any] = {
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "clip_sample": False,
    "set_alpha_to_one": False,
    "steps_offset": 1,
}
VAE: dict[str, Any] = {
    "block_out_channels": (128, 256, 512, 512),
    "layers_per_block": 2,
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
}
CLIP_L = {"hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12}
CLIP_G = {"hidden_size": 1280, "num_hidden_layers": 32, "num_attention_heads": 20}
DISCRETE = ("dpm++2m", "ddim", "euler")
FLOW = ("flow-euler",)


def make_subjects(shape: str, device: str, dtypes: Sequence[str]) -> tuple[Subject, ...]:
    """Return a shape in each number format; weights are drawn and saved at the first use."""
    if shape == "mini":
        return tuple(mini(device, dtype) for dtype in dtypes)
    family, base_px, schedulers, make = TRUE[shape]
    folder = FOLDER / shape
    if not (folder / "model_index.json").is_file():
        torch = import_torch(device)
        with torch.device(device):
            pipeline = make()
        pipeline.to(dtype=torch.bfloat16).save_pretrained(folder)
    return tuple(
        Subject(
            shape=shape,
            folder=str(folder),
            family=family,
            device=device,
            dtype=dtype,
            base_px=base_px,
            schedulers=schedulers,
        )
        for dtype in dtypes
    )


def make_sd15() -> Any:  # noqa: ANN401 - diffusers is untyped
    """Stable Diffusion 1.5."""
    from diffusers import (  # noqa: PLC0415 - torch after the environment, here and below
        AutoencoderKL,
        DDIMScheduler,
        StableDiffusionPipeline,
        UNet2DConditionModel,
    )
    from transformers import CLIPTextModel  # noqa: PLC0415

    from tests.unit.engine.tiny.parts import END  # noqa: PLC0415

    return StableDiffusionPipeline(
        vae=AutoencoderKL(**VAE, sample_size=512, scaling_factor=0.18215),
        text_encoder=CLIPTextModel(_clip(**CLIP_L)),
        tokenizer=_tokenizer(END),
        unet=UNet2DConditionModel(sample_size=64, cross_attention_dim=768, attention_head_dim=8),
        scheduler=DDIMScheduler(**BETAS),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def make_sdxl() -> Any:  # noqa: ANN401
    """Stable Diffusion XL 1.0."""
    from diffusers import (  # noqa: PLC0415
        AutoencoderKL,
        DDIMScheduler,
        StableDiffusionXLPipeline,
        UNet2DConditionModel,
    )
    from transformers import CLIPTextModel, CLIPTextModelWithProjection  # noqa: PLC0415

    from tests.unit.engine.tiny.parts import END  # noqa: PLC0415

    return StableDiffusionXLPipeline(
        vae=AutoencoderKL(**VAE, sample_size=1024, scaling_factor=0.13025),
        text_encoder=CLIPTextModel(_clip(**CLIP_L)),
        text_encoder_2=CLIPTextModelWithProjection(_clip(**CLIP_G, hidden_act="gelu")),
        tokenizer=_tokenizer(END),
        tokenizer_2=_tokenizer("!"),
        unet=UNet2DConditionModel(
            sample_size=128,
            block_out_channels=(320, 640, 1280),
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
            transformer_layers_per_block=[1, 2, 10],
            attention_head_dim=[5, 10, 20],
            cross_attention_dim=2048,
            use_linear_projection=True,
            addition_embed_type="text_time",
            addition_time_embed_dim=256,
            projection_class_embeddings_input_dim=2816,
        ),
        scheduler=DDIMScheduler(**BETAS),
        add_watermarker=False,
    )


def make_dit() -> Any:  # noqa: ANN401
    """Stable Diffusion 3 medium, a diffusion transformer."""
    from diffusers import (  # noqa: PLC0415
        AutoencoderKL,
        FlowMatchEulerDiscreteScheduler,
        SD3Transformer2DModel,
        StableDiffusion3Pipeline,
    )
    from transformers import (  # noqa: PLC0415
        CLIPTextModelWithProjection,
        T5Config,
        T5EncoderModel,
    )

    from tests.unit.engine.tiny.parts import END, make_t5_tokenizer  # noqa: PLC0415

    vae: dict[str, Any] = {"shift_factor": 0.0609, "scaling_factor": 1.5305, "latent_channels": 16}
    large = T5Config(
        d_model=4096,
        d_ff=10240,
        d_kv=64,
        num_heads=64,
        num_layers=1,
        feed_forward_proj="gated-gelu",
        is_encoder_decoder=False,
    )
    return StableDiffusion3Pipeline(
        transformer=SD3Transformer2DModel(
            sample_size=128,
            patch_size=2,
            in_channels=16,
            out_channels=16,
            num_layers=24,
            attention_head_dim=64,
            num_attention_heads=24,
            joint_attention_dim=4096,
            caption_projection_dim=1536,
            pooled_projection_dim=2048,
            pos_embed_max_size=192,
        ),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        vae=AutoencoderKL(**VAE, **vae, use_quant_conv=False, use_post_quant_conv=False),
        text_encoder=CLIPTextModelWithProjection(_clip(**CLIP_L)),
        tokenizer=_tokenizer(END),
        text_encoder_2=CLIPTextModelWithProjection(_clip(**CLIP_G, hidden_act="gelu")),
        tokenizer_2=_tokenizer("!"),
        text_encoder_3=T5EncoderModel(large),
        tokenizer_3=make_t5_tokenizer(),
    )


def _tokenizer(pad: str) -> Any:  # noqa: ANN401
    from tests.unit.engine.tiny.parts import make_clip_tokenizer  # noqa: PLC0415

    tokenizer = make_clip_tokenizer(pad)
    tokenizer.model_max_length = CLIP_LENGTH
    return tokenizer


def _clip(**sizes: Any) -> Any:  # noqa: ANN401
    from transformers import CLIPTextConfig  # noqa: PLC0415

    width = sizes["hidden_size"]
    return CLIPTextConfig(
        **sizes,
        intermediate_size=4 * width,
        projection_dim=width,
        max_position_embeddings=CLIP_LENGTH,
        vocab_size=49408,
        bos_token_id=512,
        eos_token_id=513,
        pad_token_id=513,
    )


TRUE: dict[str, tuple[str, int, tuple[str, ...], Callable[[], Any]]] = {
    "sd15": ("sd15", 512, DISCRETE, make_sd15),
    "sdxl": ("sdxl", 1024, DISCRETE, make_sdxl),
    "dit": ("sd3", 1024, FLOW, make_dit),
}
