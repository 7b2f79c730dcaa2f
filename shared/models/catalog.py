"""The catalog of models, read from one TOML file."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from shared.errors import UnknownModel

Task = Literal[
    "text-to-image",
    "image-to-image",
    "inpaint",
    "outpaint",
    "variation",
    "upscale",
    "interpolate",
]
Spacing = Literal["karras", "exponential", "beta"]


class Bounds(BaseModel):
    """The least and the most of a number that a model takes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min: float
    max: float


class DefaultStrengths(BaseModel):
    """How much of the schedule runs where a request does not say, by what it is for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    image_to_image: float
    inpaint: float
    outpaint: float
    variation: float
    upscale: float
    interpolate: float
    second_pass: float
    noise: float = Field(description="How far a variation's noise goes toward the other seed's.")


class ModelDefaults(BaseModel):
    """What a request gets for a field that it leaves out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    width: int
    height: int
    num_inference_steps: int
    guidance_scale: float
    scheduler: str
    strength: DefaultStrengths
    num_frames: int
    fps: int


class ModelLimits(BaseModel):
    """What a model can make. Sizes are pixels."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_size: int
    max_size: int
    size_multiple: int
    num_inference_steps: Bounds
    guidance_scale: Bounds
    num_images: Bounds
    num_frames: Bounds
    prompt_tokens: int


class ModelEntry(BaseModel):
    """One model: where it lies, what it can do, what it costs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
    name: str
    description: str
    family: str
    path: Path
    pool: str
    tasks: tuple[Task, ...]
    schedulers: tuple[str, ...]
    sigmas: Mapping[Spacing, tuple[str, ...]] = Field(
        default={}, description="Which schedulers take which spacing of their noise levels."
    )
    gpu_dtype: Literal["float32", "float16", "bfloat16"]
    price_factor: Annotated[float, Field(gt=0)]
    licence: str
    defaults: ModelDefaults
    limits: ModelLimits


class Catalog:
    """All models by id, in the order of the file; the first is the default one."""

    def __init__(self, models: Mapping[str, ModelEntry]) -> None:
        self._models = dict(models)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the catalog; a relative model path starts at the catalog's folder.

        Raises:
            ValidationError: An entry lacks something or holds something unknown.
        """
        text = path.read_text(encoding="utf-8")
        models: dict[str, ModelEntry] = {}
        for raw in tomllib.loads(text).get("models", []):
            entry = ModelEntry.model_validate(raw)
            models[entry.id] = entry.model_copy(update={"path": path.parent / entry.path})
        return cls(models)

    def get_model(self, model_id: str) -> ModelEntry:
        """Return the entry called `model_id`.

        Raises:
            UnknownModel: There is none.
        """
        entry = self._models.get(model_id)
        if entry is None:
            raise UnknownModel(list(self._models))
        return entry

    def list_models(self) -> list[ModelEntry]:
        """Return every entry, the default model first."""
        return list(self._models.values())

    def pool_models(self, pool: str) -> list[ModelEntry]:
        """Return the entries that workers of `pool` serve."""
        return [entry for entry in self._models.values() if entry.pool == pool]
