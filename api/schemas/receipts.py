"""What `/v1/jobs/{id}/images/{index}/receipt` shows."""

from typing import Annotated, Any

from pydantic import BaseModel, Field

_SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


class ReceiptView(BaseModel):
    """All that decided how a picture came out: made with the same, it comes out the same."""

    model: Annotated[str, Field(description="Catalog id of the model.", examples=["mini"])]
    weights_sha256: Annotated[
        str,
        Field(
            description="Hash of the model's safetensors, their names included: what"
            " `find * -name '*.safetensors' | LC_ALL=C sort | xargs sha256sum | sha256sum` says"
            " in its folder.",
            examples=[_SHA256],
        ),
    ]
    request: Annotated[
        dict[str, Any],
        Field(description="The job's request, every choice made; it can be submitted again."),
    ]
    inputs_sha256: Annotated[
        dict[str, str],
        Field(
            description="Hash of the values of each picture that it began with, as the model"
            " saw it: `image`, `mask`, `toward`.",
            examples=[{}],
        ),
    ]
    index: Annotated[int, Field(description="Place in the job, from 0.", examples=[0])]
    seed: Annotated[int, Field(description="Of the noise that it began with.", examples=[42])]
    scheduler: Annotated[
        str, Field(description="Class in diffusers.", examples=["DPMSolverMultistepScheduler"])
    ]
    scheduler_config: Annotated[
        dict[str, Any],
        Field(
            description="Of the scheduler, as it was built.",
            examples=[{"prediction_type": "epsilon"}],
        ),
    ]
    versions: Annotated[
        dict[str, str],
        Field(description="Of the software that made it.", examples=[{"torch": "2.13.0"}]),
    ]
    device: Annotated[
        str,
        Field(description="What it was computed on.", examples=["AMD EPYC, AVX512"]),
    ]
    dtype: Annotated[str, Field(description="Number format.", examples=["float32"])]
    pixels_sha256: Annotated[
        str,
        Field(
            description="Hash of the values of the picture, row by row, red, green and blue, before"
            " it was written to a file; of an animation's frames one after another.",
            examples=[_SHA256],
        ),
    ]
