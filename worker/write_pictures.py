"""From what the engine made to the files of a job: pictures, an animation, a contact sheet."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from shared.images.formats import AnimationFormat, ImageFormat, ImageKind
from shared.jobs.resolved import ResolvedRequest
from worker.contact_sheet import draw_contact_sheet
from worker.encode_animation import encode_animation
from worker.encode_image import Pixels, encode_image
from worker.make_receipt import Making, Receipt, make_receipt

# What a file says of its making, beside its seed: nothing that only its tenant may know.
TOLD = (
    *("task", "model", "prompt", "negative_prompt", "num_inference_steps", "guidance_scale"),
    *("scheduler", "sigmas", "width", "height", "strength", "margins", "variation", "second_pass"),
    *("num_frames", "fps", "start", "end"),
)
SEPARATOR = " · "


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenPicture:
    """One file of a job that succeeded."""

    index: int
    kind: ImageKind
    seed: int
    width_px: int
    height_px: int
    format: ImageFormat
    data: bytes
    receipt: Receipt


def write_pictures(making: Making, made: Sequence[Pixels]) -> Iterator[WrittenPicture]:
    """Yield the files of a job, one after another.

    Args:
        making: How the pictures were made.
        made: All that the engine made of it, each (H, W, 3).
    """
    asked = making.asked
    if asked.fps is not None:
        yield _write_animation(making, made, asked.fps)
    else:
        for index, pixels in enumerate(made):
            yield _write(making, "image", index, asked.seed_of(index), pixels)
    if asked.output.contact_sheet:
        labels = [_label(asked, index) for index in range(len(made))]
        sheet = draw_contact_sheet(made, labels, _title(asked), _recipe(asked))
        yield _write(making, "contact-sheet", asked.num_images, asked.seed, sheet)


def _write(
    making: Making, kind: ImageKind, index: int, seed: int, pixels: Pixels
) -> WrittenPicture:
    output = making.asked.output
    still: ImageFormat = "png" if output.format == "gif" else output.format
    return WrittenPicture(
        index=index,
        kind=kind,
        seed=seed,
        width_px=pixels.shape[1],
        height_px=pixels.shape[0],
        format=still,
        data=encode_image(pixels, still, output.quality, _describe(making.asked, seed)),
        receipt=make_receipt(making, index, seed, [pixels]),
    )


def _write_animation(making: Making, frames: Sequence[Pixels], fps: int) -> WrittenPicture:
    asked = making.asked
    moving: AnimationFormat = "gif" if asked.output.format == "gif" else "webp"
    made_from = _describe(asked, asked.seed)
    return WrittenPicture(
        index=0,
        kind="animation",
        seed=asked.seed,
        width_px=frames[0].shape[1],
        height_px=frames[0].shape[0],
        format=moving,
        data=encode_animation(frames, fps, moving, asked.output.quality, made_from),
        receipt=make_receipt(making, 0, asked.seed, frames),
    )


def _describe(asked: ResolvedRequest, seed: int) -> dict[str, Any] | None:
    """Return what a file says of its making; None where it is to say nothing."""
    if not asked.output.metadata:
        return None
    body = asked.as_json()
    for end in ("start", "end"):
        body.get(end, {}).pop("image", None)
    return {name: body[name] for name in TOLD if name in body} | {"seed": seed}


def _label(asked: ResolvedRequest, index: int) -> str:
    if asked.num_frames is not None:
        return f"frame {index + 1} of {asked.num_frames}"
    lean = asked.variation_of(index)
    toward = f" toward {lean.seed}" if lean else ""
    return f"seed {asked.seed_of(index)}{toward}"


def _title(asked: ResolvedRequest) -> str:
    if asked.start is None or asked.end is None:
        return asked.prompt
    return " / ".join(dict.fromkeys((asked.start.prompt, asked.end.prompt)))


def _recipe(asked: ResolvedRequest) -> str:
    parts = [
        asked.model,
        f"{asked.width} x {asked.height}",
        f"{asked.num_inference_steps} steps",
        f"guidance {asked.guidance_scale:g}",
        asked.scheduler,
    ]
    if asked.sigmas != "default":
        parts.append(asked.sigmas)
    if asked.strength is not None:
        parts.append(f"strength {asked.strength:g}")
    if asked.second_pass is not None:
        again = asked.second_pass
        parts.append(f"again at {again.width} x {again.height}, strength {again.strength:g}")
    return SEPARATOR.join(parts)
