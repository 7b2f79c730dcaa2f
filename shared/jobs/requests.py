"""What a caller may ask for, one model a task, under the names diffusers uses."""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from shared.jobs.request_fields import (
    AnimationOutputRequest,
    EndRequest,
    JobPicture,
    Margins,
    Metadata,
    OutputRequest,
    PictureSource,
    Pixels,
    Priority,
    Prompt,
    SecondPassRequest,
    Seed,
    Sigmas,
    Steps,
    Strength,
    Strict,
    VariationRequest,
)


class _Request(Strict):
    """What every task takes. What is left out becomes the model's default."""

    model: str = Field(
        default="mini", max_length=128, description="Catalog id of the model; see GET /v1/models."
    )
    prompt: Prompt = Field(description="What to draw.")
    negative_prompt: Prompt = Field(default="", description="What to keep out.")
    width: Pixels | None = Field(default=None, description="Pixels; a multiple of the model's.")
    height: Pixels | None = Field(default=None, description="Pixels; a multiple of the model's.")
    seed: Seed | None = Field(
        default=None, description="Picture k uses seed + k; drawn by the server when left out."
    )
    num_inference_steps: Steps | None = Field(default=None, description="Denoising steps.")
    guidance_scale: Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)] | None = Field(
        default=None, description="How strongly the words rule; 1 is off."
    )
    scheduler: Annotated[str, Field(max_length=64)] | None = Field(
        default=None, description="Noise scheduler; see the model's list."
    )
    sigmas: Sigmas = Field(
        default="default", description="How the noise levels are spaced; see the model's list."
    )
    priority: Priority = Field(
        default="normal", description="Which of your own jobs goes first; others' do not matter."
    )
    deadline_seconds: int = Field(
        default=3600, ge=60, le=86_400, description="The job fails if it has not ended by then."
    )
    metadata: Metadata = Field(
        default={}, description="Your own labels; returned as they are, and searchable."
    )


class _StillRequest(_Request):
    num_images: int = Field(default=1, ge=1, le=1000, description="How many pictures to make.")
    output: OutputRequest = Field(default=OutputRequest(), description="How to write the pictures.")


class _FromPictureRequest(_StillRequest):
    width: Pixels | None = Field(
        default=None,
        description="Pixels. Left out: the picture's, brought to the nearest that the model makes."
        " The picture is scaled to cover the size and cut at its middle.",
    )
    height: Pixels | None = Field(default=None, description="Pixels; as the width.")
    image: PictureSource = Field(
        description="The picture to begin with; where it is transparent, it counts as white."
    )
    strength: Strength | None = Field(
        default=None,
        description="Share of the schedule that runs: near 0 keeps the picture, 1 forgets it.",
    )


class TextToImageRequest(_StillRequest):
    """Pictures from words."""

    task: Literal["text-to-image"] = Field(description="Which kind of job this is.")
    second_pass: SecondPassRequest | None = Field(
        default=None, description="Make each picture again, larger, from the first one."
    )


class ImageToImageRequest(_FromPictureRequest):
    """Pictures from a picture and words."""

    task: Literal["image-to-image"] = Field(description="Which kind of job this is.")


class InpaintRequest(_FromPictureRequest):
    """Part of a picture painted anew; the rest is kept to the pixel."""

    task: Literal["inpaint"] = Field(description="Which kind of job this is.")
    mask: PictureSource | None = Field(
        default=None,
        description="A picture of the same size without transparency: white is painted anew, black"
        " kept. Left out: where the image itself is transparent is painted anew.",
    )


class OutpaintRequest(_FromPictureRequest):
    """A picture continued past its edges."""

    task: Literal["outpaint"] = Field(description="Which kind of job this is.")
    width: Pixels | None = Field(
        default=None,
        description="Pixels of the new picture, margins included. Left out: the picture's, brought"
        " to the nearest multiple of the model's, and the margins.",
    )
    margins: Margins = Field(description="How far to go on each side.")


class VariationTaskRequest(_StillRequest):
    """Pictures near another one.

    `source` names one of your pictures: its whole recipe is taken, with some other noise mixed in.
    `image` takes any picture and `strength` instead. With neither, prompt and seed say which.
    """

    task: Literal["variation"] = Field(description="Which kind of job this is.")
    prompt: Prompt = Field(default="", description="What to draw; a source brings its own.")
    source: JobPicture | None = Field(
        default=None, description="A picture that a text-to-image job of yours made."
    )
    variation: VariationRequest | None = Field(
        default=None, description="How far to go from the source, and whither; not with an image."
    )
    image: PictureSource | None = Field(default=None, description="Any picture, instead.")
    strength: Strength | None = Field(
        default=None, description="With an image: share of the schedule that runs."
    )
    second_pass: SecondPassRequest | None = Field(
        default=None, description="As for text-to-image; a source brings its own."
    )


class UpscaleRequest(_FromPictureRequest):
    """A picture made larger, with detail painted in."""

    task: Literal["upscale"] = Field(description="Which kind of job this is.")
    prompt: Prompt = Field(default="", description="What the picture shows.")
    scale: Annotated[float, Field(ge=1, le=4, allow_inf_nan=False)] | None = Field(
        default=None, description="How much larger, instead of width and height; 2 when left out."
    )
    width: Pixels | None = Field(default=None, description="Pixels, with height; or give scale.")
    height: Pixels | None = Field(default=None, description="Pixels, with width; or give scale.")


class InterpolateRequest(_Request):
    """A moving picture from one end to another: seeds, prompts or pictures."""

    task: Literal["interpolate"] = Field(description="Which kind of job this is.")
    prompt: Prompt = Field(default="", description="What to draw, where an end does not say.")
    seed: Seed | None = Field(
        default=None, description="Where an end gives none; drawn by the server when left out."
    )
    num_images: Literal[1] = Field(default=1, description="It is one picture, which moves.")
    num_frames: Annotated[int, Field(ge=2, le=1000)] | None = Field(
        default=None, description="Frames, both ends included."
    )
    fps: Annotated[int, Field(ge=1, le=50)] | None = Field(
        default=None, description="Frames a second."
    )
    start: EndRequest = Field(description="The first frame.")
    end: EndRequest = Field(description="The last frame; it must differ from the first.")
    strength: Strength | None = Field(
        default=None, description="With pictures: share of the schedule that runs."
    )
    output: AnimationOutputRequest = Field(
        default=AnimationOutputRequest(), description="How to write the animation."
    )


JobRequest = Annotated[
    TextToImageRequest
    | ImageToImageRequest
    | InpaintRequest
    | OutpaintRequest
    | VariationTaskRequest
    | UpscaleRequest
    | InterpolateRequest,
    Field(discriminator="task"),
]
JOB_REQUEST: TypeAdapter[JobRequest] = TypeAdapter(JobRequest)


def list_pictures(request: JobRequest) -> dict[str, PictureSource]:
    """Return the pictures that a request names or brings along, by JSON pointer."""
    named: dict[str, PictureSource | None]
    match request:
        case ImageToImageRequest() | OutpaintRequest() | UpscaleRequest():
            named = {"/image": request.image}
        case InpaintRequest():
            named = {"/image": request.image, "/mask": request.mask}
        case VariationTaskRequest():
            named = {"/image": request.image}
        case InterpolateRequest():
            named = {"/start/image": request.start.image, "/end/image": request.end.image}
        case _:
            named = {}
    return {pointer: source for pointer, source in named.items() if source is not None}
