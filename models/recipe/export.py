"""Writing a model folder that stock diffusers loads."""

import shutil
from pathlib import Path

import torch
from diffusers import StableDiffusionPipeline
from transformers import CLIPTextModel, CLIPTokenizer

from models.recipe.networks import Autoencoder, Pipeline, Scheduler, UNet

FILE_MODE = 0o644


def make_pipeline(
    vae: Autoencoder,
    text_encoder: CLIPTextModel,
    tokenizer: CLIPTokenizer,
    unet: UNet,
    scheduler: Scheduler,
) -> Pipeline:
    """Assemble the parts without a safety checker, which would find nothing to judge."""
    return StableDiffusionPipeline(
        vae=vae,
        text_encoder=text_encoder,
        tokenizer=tokenizer,
        unet=unet,
        scheduler=scheduler,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def load_parts(folder: Path) -> Pipeline:
    """Load a model folder in full precision, to train it further."""
    pipeline: Pipeline = StableDiffusionPipeline.from_pretrained(folder, dtype=torch.float32)
    return pipeline


def export(pipeline: Pipeline, folder: Path) -> None:
    """Write half-precision weights; each file appears whole, whatever reads the folder now.

    Args:
        pipeline: Its weights are rounded to half precision.
        folder: Files that the pipeline does not have, such as a card, stay.
    """
    fresh = folder.with_name(f".{folder.name}-fresh")
    shutil.rmtree(fresh, ignore_errors=True)
    pipeline.to(torch.float16).save_pretrained(fresh, safe_serialization=True)
    # Releases of transformers before the fifth read these two instead of tokenizer.json.
    pipeline.tokenizer.backend_tokenizer.model.save(str(fresh / "tokenizer"))
    for path in sorted(fresh.rglob("*")):
        target = folder / path.relative_to(fresh)
        if path.is_dir():
            target.mkdir(parents=True, exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            path.chmod(FILE_MODE)
            path.replace(target)
    shutil.rmtree(fresh)
