"""What `/v1/models` shows: OpenAI's list of models, and more of each."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from shared.models.catalog import ModelDefaults, ModelLimits


class PriceView(BaseModel):
    """What a generation costs: pixel-steps times factor, over a million."""

    factor: Annotated[float, Field(examples=[1.0])]
    unit: Annotated[str, Field(examples=["megapixel-step"])]


class WorkersView(BaseModel):
    """Who could serve the model now."""

    alive: Annotated[int, Field(description="Workers of its pool.", examples=[1])]
    warm: Annotated[int, Field(description="Those that have it loaded.", examples=[1])]


class ModelView(BaseModel):
    """One model of the catalog; the first four fields are OpenAI's."""

    id: Annotated[str, Field(examples=["mini"])]
    object: Literal["model"]
    created: Annotated[int, Field(description="Unix seconds; 0 where unknown.", examples=[0])]
    owned_by: Annotated[str, Field(examples=["atelier"])]
    name: str
    description: str
    family: Annotated[str, Field(examples=["sd15"])]
    licence: Annotated[str, Field(examples=["Apache-2.0"])]
    tasks: Annotated[list[str], Field(examples=[["text-to-image"]])]
    schedulers: Annotated[list[str], Field(examples=[["dpm++2m", "ddim", "euler"]])]
    sigmas: Annotated[
        dict[str, list[str]],
        Field(
            description="Which schedulers take which spacing of their noise levels.",
            examples=[{"karras": ["dpm++2m", "euler"]}],
        ),
    ]
    defaults: ModelDefaults
    limits: ModelLimits
    price: PriceView
    workers: WorkersView


class ModelListView(BaseModel):
    """Every model; the default one first."""

    object: Literal["list"]
    data: list[ModelView]
    next_cursor: None
