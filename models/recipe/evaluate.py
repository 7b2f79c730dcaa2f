"""How well a model obeys: pictures for held-out prompts, judged by the verifier."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from models.recipe.captions import junk_word, plain_caption
from models.recipe.drawing import draw
from models.recipe.load_pipeline import Setting, use_scheduler
from models.recipe.networks import Autoencoder, Pipeline
from models.recipe.scenes import Scene, sample_held_out, sample_held_out_count
from models.recipe.verifier import Verdict, check_picture

CRITERIA = ("background", "position", "color", "relation", "size", "count", "shape", "everything")
BATCH = 10

ChooseScheduler = Callable[[Pipeline, Setting], None]
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

    @property
    def percent(self) -> float:
        """The share that met it, of 100."""
        return 100 * self.met / self.judged

    def __str__(self) -> str:
        return f"{self.percent:5.1f} % ({self.met} of {self.judged})"


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
    scenes = [sample_held_out(rng) for _ in range(count)]
    return [HeldOutPrompt(plain_caption(scene, rng), scene) for scene in scenes]


def counted_prompts(count: int, seed: int) -> list[HeldOutPrompt]:
    """Draw prompts of the held-out split that ask for two or three alike things."""
    rng = np.random.default_rng((seed, 1_000_033))
    scenes = [sample_held_out_count(rng) for _ in range(count)]
    return [HeldOutPrompt(plain_caption(scene, rng), scene) for scene in scenes]


def with_unknown_words(prompts: list[HeldOutPrompt], seed: int) -> list[HeldOutPrompt]:
    """Add two words that mean nothing to each prompt, one before it or both after it."""
    rng = np.random.default_rng((seed, 1_000_037))
    mixed = []
    for number, one in enumerate(prompts):
        first, second = junk_word(rng), junk_word(rng)
        words = [first, one.prompt, second] if number % 2 else [one.prompt, first, second]
        mixed.append(HeldOutPrompt(" ".join(words), one.scene))
    return mixed


def score(verdicts: list[Verdict], prompts: list[HeldOutPrompt]) -> Evaluation:
    """Count what was met."""
    scores = {}
    for name in CRITERIA:
        judged = [getattr(v, name) for v in verdicts if getattr(v, name) is not None]
        scores[name] = Score(len(judged), sum(judged))
    for number, label in (
        (1, "everything, one thing"),
        (2, "everything, two things"),
        (3, "everything, three things"),
    ):
        whole = [
            verdict.everything
            for verdict, one in zip(verdicts, prompts, strict=True)
            if len(one.scene.things) == number
        ]
        scores[label] = Score(len(whole), sum(whole))
    pairs = zip(verdicts, prompts, strict=True)
    return Evaluation(
        {name: one for name, one in scores.items() if one.judged},
        tuple(one.prompt for verdict, one in pairs if not verdict.everything),
    )


def judge(pictures: Pictures, prompts: list[HeldOutPrompt]) -> Evaluation:
    """Judge one picture per prompt, each (H, W, 3), levels of 255."""
    pairs = zip(pictures, prompts, strict=True)
    return score([check_picture(picture, one.scene) for picture, one in pairs], prompts)


def make_pictures(
    pipeline: Pipeline,
    prompts: list[str],
    setting: Setting,
    seed: int,
    choose: ChooseScheduler = use_scheduler,
) -> Iterator[NDArray[np.uint8]]:
    """Make one picture per prompt; picture number i starts from the noise of `seed + i`."""
    choose(pipeline, setting)
    for first in range(0, len(prompts), BATCH):
        words = prompts[first : first + BATCH]
        generators = [torch.Generator().manual_seed(seed + first + i) for i in range(len(words))]
        made = pipeline(
            words,
            num_inference_steps=setting.num_inference_steps,
            guidance_scale=setting.guidance_scale,
            generator=generators,
            output_type="np",
        )
        yield from np.rint(np.asarray(made.images) * 255).astype(np.uint8)


PROMPT_SETS: dict[str, Callable[[int, int], list[HeldOutPrompt]]] = {
    "held-out": held_out_prompts,
    "counted": counted_prompts,
    "unknown words": lambda count, seed: with_unknown_words(held_out_prompts(count, seed), seed),
}


def evaluate_model(
    pipeline: Pipeline, prompts: list[HeldOutPrompt], setting: Setting, seed: int = 0
) -> Evaluation:
    """Judge one picture per prompt."""
    words = [one.prompt for one in prompts]
    return judge(make_pictures(pipeline, words, setting, seed), prompts)


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
