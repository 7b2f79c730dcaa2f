"""How well a model obeys: pictures for held-out prompts, judged by the verifier."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import diffusers
import numpy as np
import torch
from diffusers import StableDiffusionPipeline
from numpy.typing import NDArray

from models.recipe.captions import plain_caption
from models.recipe.drawing import draw
from models.recipe.networks import Autoencoder, Pipeline
from models.recipe.scenes import Scene, sample_scene
from models.recipe.verifier import Verdict, check_picture

CRITERIA = ("background", "position", "color", "relation", "size", "count", "shape", "everything")
SCHEDULERS = {
    "ddim": "DDIMScheduler",
    "dpm++": "DPMSolverMultistepScheduler",
    "euler": "EulerDiscreteScheduler",
    "unipc": "UniPCMultistepScheduler",
    "pndm": "PNDMScheduler",
}
BATCH = 10

Pictures = Iterable[NDArray[np.uint8]]


@dataclass(frozen=True)
class HeldOutPrompt:
    """Words whose combination of colours and shapes no training picture had."""

    prompt: str
    scene: Scene


@dataclass(frozen=True)
class Score:
    """Over how many pictures a criterion was judged, and how many met it."""

    judged: int
    met: int

    def __str__(self) -> str:
        share = f"{100 * self.met / self.judged:5.1f} %" if self.judged else "  -    "
        return f"{share} ({self.met} of {self.judged})"


@dataclass(frozen=True)
class Evaluation:
    """Scores by criterion, and all at once by the number of things."""

    scores: dict[str, Score]
    failures: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "\n".join(f"{name:24}{score}" for name, score in self.scores.items())


def held_out_prompts(count: int, seed: int) -> list[HeldOutPrompt]:
    """Draw prompts of the held-out split, two in five of one thing, the others of two."""
    rng = np.random.default_rng((seed, 1_000_003))
    scenes = [sample_scene(rng, held_out=True) for _ in range(count)]
    return [HeldOutPrompt(plain_caption(scene, rng), scene) for scene in scenes]


def score(verdicts: list[Verdict], prompts: list[HeldOutPrompt]) -> Evaluation:
    """Count what was met."""
    scores = {}
    for name in CRITERIA:
        judged = [getattr(v, name) for v in verdicts if getattr(v, name) is not None]
        scores[name] = Score(len(judged), sum(judged))
    for number, label in ((1, "everything, one thing"), (2, "everything, two things")):
        whole = [
            verdict.everything
            for verdict, one in zip(verdicts, prompts, strict=True)
            if len(one.scene.things) == number
        ]
        scores[label] = Score(len(whole), sum(whole))
    pairs = zip(verdicts, prompts, strict=True)
    return Evaluation(scores, tuple(one.prompt for verdict, one in pairs if not verdict.everything))


def judge(pictures: Pictures, prompts: list[HeldOutPrompt]) -> Evaluation:
    """Judge one picture per prompt, each (H, W, 3), levels of 255."""
    pairs = zip(pictures, prompts, strict=True)
    return score([check_picture(picture, one.scene) for picture, one in pairs], prompts)


def make_pictures(
    pipeline: Pipeline,
    prompts: list[str],
    num_inference_steps: int,
    guidance_scale: float,
    seed: int,
) -> Iterator[NDArray[np.uint8]]:
    """Make one picture per prompt; picture number i starts from the noise of `seed + i`."""
    pipeline.set_progress_bar_config(disable=True)
    for first in range(0, len(prompts), BATCH):
        words = prompts[first : first + BATCH]
        generators = [torch.Generator().manual_seed(seed + first + i) for i in range(len(words))]
        made = pipeline(
            words,
            num_inference_steps=num_inference_steps,
            guidance_scale=guidance_scale,
            generator=generators,
            output_type="np",
        )
        yield from np.rint(np.asarray(made.images) * 255).astype(np.uint8)


def load_pipeline(path: Path, scheduler: str) -> Pipeline:
    """Load a model in full precision, which a processor computes faster than half."""
    pipeline: Pipeline = StableDiffusionPipeline.from_pretrained(path, dtype=torch.float32)
    kind: Callable[..., object] = getattr(diffusers, SCHEDULERS[scheduler]).from_config
    pipeline.scheduler = kind(pipeline.scheduler.config)
    return pipeline


def evaluate_model(
    path: Path,
    *,
    num_prompts: int = 100,
    num_inference_steps: int = 12,
    scheduler: str = "ddim",
    guidance_scale: float = 2.5,
    seed: int = 0,
) -> Evaluation:
    """Judge a model folder on held-out prompts."""
    prompts = held_out_prompts(num_prompts, seed)
    pipeline = load_pipeline(path, scheduler)
    words = [one.prompt for one in prompts]
    pictures = make_pictures(pipeline, words, num_inference_steps, guidance_scale, seed)
    return judge(pictures, prompts)


@torch.no_grad()
def evaluate_autoencoder(vae: Autoencoder, num_pictures: int, seed: int = 0) -> Evaluation:
    """Judge drawn pictures after a way through the latents: what no denoiser can exceed."""
    prompts = held_out_prompts(num_pictures, seed)

    def reconstructions() -> Iterator[NDArray[np.uint8]]:
        for one in prompts:
            drawn = torch.from_numpy(draw(one.scene, 128)).permute(2, 0, 1)[None] / 127.5 - 1
            decoded = vae.decode(vae.encode(drawn).latent_dist.mean).sample[0]
            levels = (decoded.permute(1, 2, 0).clamp(-1, 1) + 1) * 127.5
            yield levels.round().byte().numpy()

    return judge(reconstructions(), prompts)
