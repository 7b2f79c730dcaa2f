"""Text encoders, tokenizers and autoencoders of the true classes, tiny and with random weights."""

from string import ascii_lowercase, digits
from typing import Any

from diffusers import AutoencoderKL
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    T5Config,
    T5EncoderModel,
    T5Tokenizer,
)
from transformers.convert_slow_tokenizer import bytes_to_unicode

CLIP_LENGTH = 24
WIDTH = 16
START, END = "<|startoftext|>", "<|endoftext|>"
T5_VOCABULARY = ("<pad>", "</s>", "<unk>", "▁", *ascii_lowercase, *digits, ",")


def make_clip_tokenizer(pad: str) -> CLIPTokenizer:
    """Each letter is a token; OpenCLIP's tokenizers pad with `!`, CLIP's own with the end."""
    letters = list(bytes_to_unicode().values())
    tokens = [*letters, *(letter + "</w>" for letter in letters), START, END]
    return CLIPTokenizer(
        vocab={token: index for index, token in enumerate(tokens)},
        merges=[],
        model_max_length=CLIP_LENGTH,
        pad_token=pad,
    )


def make_clip(activation: str = "quick_gelu") -> CLIPTextModel:
    return CLIPTextModel(_clip_config(activation))


def make_clip_with_projection(activation: str = "quick_gelu") -> CLIPTextModelWithProjection:
    return CLIPTextModelWithProjection(_clip_config(activation))


def make_t5_tokenizer() -> T5Tokenizer:
    scores = [(token, -1.0 if index > 2 else 0.0) for index, token in enumerate(T5_VOCABULARY)]
    return T5Tokenizer(vocab=scores, extra_ids=0, model_max_length=512)


def t5_sizes(width: int) -> dict[str, Any]:
    return {
        "vocab_size": len(T5_VOCABULARY),
        "d_model": width,
        "d_ff": 2 * width,
        "d_kv": width // 2,
        "num_layers": 1,
        "num_heads": 2,
    }


def make_t5(width: int) -> T5EncoderModel:
    config = T5Config(**t5_sizes(width), feed_forward_proj="gated-gelu", is_encoder_decoder=False)
    return T5EncoderModel(config)


def make_vae(**changes: Any) -> AutoencoderKL:
    values: dict[str, Any] = {
        "block_out_channels": (8, 8, 16, 16),
        "down_block_types": ("DownEncoderBlock2D",) * 4,
        "up_block_types": ("UpDecoderBlock2D",) * 4,
        "norm_num_groups": 4,
        "scaling_factor": 0.5,
    }
    return AutoencoderKL(**(values | changes))


def _clip_config(activation: str) -> CLIPTextConfig:
    return CLIPTextConfig(
        hidden_size=WIDTH,
        intermediate_size=32,
        projection_dim=WIDTH,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=CLIP_LENGTH,
        vocab_size=514,
        bos_token_id=512,
        eos_token_id=513,
        pad_token_id=513,
        hidden_act=activation,
    )
