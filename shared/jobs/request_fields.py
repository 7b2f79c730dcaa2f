"""The fields that tasks share: words, numbers, pictures that are named or sent along."""

import re
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
)

from shared.images.formats import AnimationFormat, ImageFormat, StillFormat
from shared.outbound.limits import MAX_URL_CHARACTERS

MAX_SEED = 2**63 - 1
MAX_METADATA_ENTRIES = 32

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_MAX_ID = 64


def _without_control_characters(text: str) -> str:
    if _CONTROL.search(text):
        raise ValueError("holds control characters; only line breaks and tabs are taken")
    return text


Prompt = Annotated[str, Field(max_length=32_000), AfterValidator(_without_control_characters)]
# sizes past any model's are refused here, so that no product of them overflows a column
Pixels = Annotated[int, Field(ge=1, le=16_384)]
Seed = Annotated[int, Field(ge=0, le=MAX_SEED)]
Steps = Annotated[int, Field(ge=1, le=1000)]
Strength = Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]
MetadataKey = Annotated[
    str, Field(min_length=1, max_length=64), AfterValidator(_without_control_characters)
]
MetadataValue = Annotated[str, Field(max_length=512), AfterValidator(_without_control_characters)]
Metadata = Annotated[dict[MetadataKey, MetadataValue], Field(max_length=MAX_METADATA_ENTRIES)]
Priority = Literal["high", "normal", "low"]
Sigmas = Literal["default", "karras", "exponential", "beta"]

PRIORITY_RANKS: dict[Priority, int] = {"high": 0, "normal": 1, "low": 2}


class Strict(BaseModel):
    """Frozen, with no field that is not named here and no value of another type."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class _Output(Strict):
    quality: int = Field(
        default=90, ge=1, le=100, description="Quality of jpeg and webp; the others ignore it."
    )
    metadata: bool = Field(
        default=True, description="Write prompt, seed and settings into each picture."
    )
    contact_sheet: bool = Field(
        default=False, description="Add one more picture: all of them side by side, labelled."
    )


class OutputRequest(_Output):
    """How the pictures are to be written."""

    format: StillFormat = Field(default="png", description="File format of each picture.")


class AnimationOutputRequest(_Output):
    """How the moving picture is to be written; a contact sheet shows its frames."""

    format: AnimationFormat = Field(default="webp", description="File format of the animation.")


class ResolvedOutput(_Output):
    """Either of the two, as the row keeps it."""

    format: ImageFormat


class AssetPicture(Strict):
    """A picture that was uploaded with POST /v1/assets."""

    asset: str = Field(max_length=_MAX_ID, description="Id of the asset.")


class JobPicture(Strict):
    """A picture that one of your jobs made."""

    job: str = Field(max_length=_MAX_ID, description="Id of the job; it must have succeeded.")
    index: int = Field(ge=0, le=9_999, description="Which of its pictures, from 0.")


class InlinePicture(Strict):
    """A picture sent along with the request, for as long as the job is kept."""

    base64: str = Field(
        description="The file in base64, or a data URL of it: PNG, JPEG or WebP. It counts toward"
        " the body's limit; upload what is larger."
    )


class UrlPicture(Strict):
    """A picture on the public internet, fetched once as the request comes in."""

    url: str = Field(
        max_length=MAX_URL_CHARACTERS, description="Address of a PNG, JPEG or WebP file; https."
    )


PICTURE_TAGS = frozenset({"by asset", "by job", "by base64", "by url"})


def _tag_of(value: object) -> str | None:
    names = value if isinstance(value, dict) else getattr(type(value), "model_fields", {})
    return next((f"by {name}" for name in ("asset", "job", "base64", "url") if name in names), None)


StoredPicture = Annotated[
    Annotated[AssetPicture, Tag("by asset")] | Annotated[JobPicture, Tag("by job")],
    Discriminator(_tag_of),
]
PictureSource = Annotated[
    Annotated[AssetPicture, Tag("by asset")]
    | Annotated[JobPicture, Tag("by job")]
    | Annotated[InlinePicture, Tag("by base64")]
    | Annotated[UrlPicture, Tag("by url")],
    Discriminator(
        _tag_of,
        custom_error_type="picture_source",
        custom_error_message="must hold asset, or job and index, or base64, or url",
    ),
]


class SecondPassRequest(Strict):
    """A second run over the finished picture at another size, for detail."""

    width: Pixels | None = Field(default=None, description="Pixels; twice the first when left out.")
    height: Pixels | None = Field(default=None, description="Pixels; twice the first likewise.")
    strength: Strength | None = Field(
        default=None, description="Share of the second schedule that runs; the model's default."
    )
    num_inference_steps: Steps | None = Field(
        default=None, description="Denoising steps of the second schedule; the first's by default."
    )


class SecondPass(Strict):
    """A second pass with every choice made."""

    width: int
    height: int
    strength: float
    num_inference_steps: int


class Margins(Strict):
    """How many pixels to add on each side."""

    left: int = Field(default=0, ge=0, le=16_384, description="Pixels.")
    right: int = Field(default=0, ge=0, le=16_384, description="Pixels.")
    top: int = Field(default=0, ge=0, le=16_384, description="Pixels.")
    bottom: int = Field(default=0, ge=0, le=16_384, description="Pixels.")


class VariationRequest(Strict):
    """How far to go, and whither."""

    seed: Seed | None = Field(
        default=None,
        description="Seed of the noise to go toward; picture k uses seed + k. Drawn when left out.",
    )
    strength: Strength | None = Field(
        default=None,
        description="How far: near 0 hardly differs, 1 is the other seed's picture.",
    )


class Variation(Strict):
    """A variation with every choice made."""

    seed: int
    strength: float


class EndRequest(Strict):
    """One end of an interpolation; what it leaves out is the request's own."""

    seed: Seed | None = Field(default=None, description="Seed of its noise.")
    prompt: Prompt | None = Field(default=None, description="What it shows.")
    image: PictureSource | None = Field(
        default=None, description="The picture it starts from: at both ends or at neither."
    )


class End(Strict):
    """One end with every choice made."""

    seed: int
    prompt: str
    image: StoredPicture | None = None
