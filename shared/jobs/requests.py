"""What a caller may ask for, one model a task, under the names diffusers uses."""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from shared.images.formats import ImageFormat

MAX_SEED = 2**63 - 1
MAX_DRAWN_SEED = 2**32 - 1
MAX_METADATA_ENTRIES = 32

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def _without_control_characters(text: str) -> str:
    if _CONTROL.search(text):
        raise ValueError("holds control characters; only line breaks and tabs are taken")
    return text


Prompt = Annotated[str, Field(max_length=32_000), AfterValidator(_without_control_characters)]
# sizes past any model's are refused here, so that no product of them overflows a column
Pixels = Annotated[int, Field(ge=1, le=16_384)]
MetadataKey = Annotated[
    str, Field(min_length=1, max_length=64), AfterValidator(_without_control_characters)
]
MetadataValue = Annotated[str, Field(max_length=512), AfterValidator(_without_control_characters)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class OutputRequest(_Strict):
    """How the pictures are to be written."""

    format: ImageFormat = Field(default="png", description="File format of each picture.")
    quality: int = Field(
        default=90, ge=1, le=100, description="Quality of jpeg and webp; png ignores it."
    )
    metadata: bool = Field(
        default=True, description="Write prompt, seed and settings into each picture."
    )


class TextToImageRequest(_Strict):
    """Pictures from words. What is left out becomes the model's default."""

    task: Literal["text-to-image"] = Field(description="Which kind of job this is.")
    model: str = Field(
        default="mini", max_length=128, description="Catalog id of the model; see GET /v1/models."
    )
    prompt: Prompt = Field(description="What to draw.")
    negative_prompt: Prompt = Field(default="", description="What to keep out.")
    width: Pixels | None = Field(default=None, description="Pixels; a multiple of the model's.")
    height: Pixels | None = Field(default=None, description="Pixels; a multiple of the model's.")
    num_images: int = Field(default=1, ge=1, le=1000, description="How many pictures to make.")
    seed: Annotated[int, Field(ge=0, le=MAX_SEED)] | None = Field(
        default=None, description="Picture k uses seed + k; drawn by the server when left out."
    )
    num_inference_steps: Annotated[int, Field(ge=1, le=1000)] | None = Field(
        default=None, description="Denoising steps."
    )
    guidance_scale: Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)] | None = Field(
        default=None, description="How strongly the words rule; 1 is off."
    )
    scheduler: Annotated[str, Field(max_length=64)] | None = Field(
        default=None, description="Noise scheduler; see the model's list."
    )
    output: OutputRequest = Field(default=OutputRequest(), description="How to write the pictures.")
    deadline_seconds: int = Field(
        default=3600, ge=60, le=86_400, description="The job fails if it has not ended by then."
    )
    metadata: Annotated[
        dict[MetadataKey, MetadataValue], Field(max_length=MAX_METADATA_ENTRIES)
    ] = Field(default={}, description="Your own labels; returned as they are, and searchable.")


# a union discriminated by `task`, once there is a second task
JobRequest = TextToImageRequest


class ResolvedRequest(_Strict):
    """A request with every choice made: what the row keeps and the worker runs."""

    task: Literal["text-to-image"]
    model: str
    prompt: str
    negative_prompt: str
    width: int
    height: int
    num_images: int
    seed: int
    num_inference_steps: int
    guidance_scale: float
    scheduler: str
    output: OutputRequest

    def as_json(self) -> dict[str, Any]:
        """Return the form that the row keeps."""
        return self.model_dump(mode="json")
