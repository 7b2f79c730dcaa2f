"""What `/v1/jobs` shows. Output fields have no defaults, so OpenAPI marks each one required."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from shared.jobs.status import JobStatus

JobIdText = Annotated[str, Field(examples=["job_019234a1b2c37d4e8f00112233445566"])]
WaitingFor = Literal[
    "workers", "model-load", "model-download", "your-concurrency-cap", "tenants-ahead"
]


class ProgressView(BaseModel):
    """How far the present attempt is."""

    step: Annotated[int, Field(description="Denoising steps done.", examples=[6])]
    steps: Annotated[int, Field(description="Denoising steps in all.", examples=[12])]
    fraction: Annotated[float, Field(description="0 to 1.", examples=[0.5])]


class QueueView(BaseModel):
    """Where a job stands before it ends."""

    position: Annotated[
        int | None,
        Field(description="Place among your queued jobs, from 1; null once claimed.", examples=[1]),
    ]
    eta_seconds: Annotated[
        float | None, Field(description="Until it ends; null where unknown.", examples=[1.3])
    ]
    waiting_for: Annotated[
        WaitingFor | None, Field(description="What keeps it from starting.", examples=["workers"])
    ]


class CostView(BaseModel):
    """What the job costs."""

    reserved: Annotated[float, Field(description="Set aside at submission.", examples=[0.196608])]
    settled: Annotated[
        float | None, Field(description="Paid in the end; null until then.", examples=[0.196608])
    ]
    unit: Annotated[str, Field(examples=["megapixel-step"])]


class ImageView(BaseModel):
    """One finished picture."""

    id: Annotated[str, Field(examples=["img_019234a1b2c37d4e8f00112233445567"])]
    index: Annotated[int, Field(description="Place in the job, from 0.", examples=[0])]
    kind: Annotated[
        str, Field(description="image, contact-sheet or animation.", examples=["image"])
    ]
    seed: Annotated[int, Field(description="The job's seed + index.", examples=[42])]
    width: Annotated[int, Field(examples=[128])]
    height: Annotated[int, Field(examples=[128])]
    format: Annotated[str, Field(examples=["png"])]
    bytes: Annotated[int, Field(examples=[9120])]
    sha256: Annotated[str, Field(examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d"])]
    url: Annotated[
        str, Field(description="Reads the picture with no key.", examples=["http://127.0.0.1:8000"])
    ]
    url_expires_at: datetime


class JobErrorView(BaseModel):
    """Why a job failed."""

    code: Annotated[str, Field(examples=["worker-lost"])]
    message: str
    retryable: Annotated[bool, Field(description="Whether the same request may succeed later.")]


class JobView(BaseModel):
    """A job as its tenant sees it."""

    id: JobIdText
    status: JobStatus
    task: Annotated[str, Field(examples=["text-to-image"])]
    model: Annotated[str, Field(examples=["mini"])]
    request: Annotated[
        dict[str, Any], Field(description="What was asked, every choice filled in; seed too.")
    ]
    progress: ProgressView
    queue: QueueView
    cost: CostView
    images: list[ImageView]
    warnings: Annotated[
        list[str],
        Field(
            description="What was done otherwise than asked.", examples=[["prompt-truncated: sky"]]
        ),
    ]
    error: JobErrorView | None
    attempts: Annotated[int, Field(description="Times a worker has started it.", examples=[1])]
    metadata: Annotated[dict[str, str], Field(examples=[{"order": "1234"}])]
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class JobListView(BaseModel):
    """One page of jobs, newest first."""

    data: list[JobView]
    next_cursor: Annotated[
        str | None, Field(description="Pass it as `cursor` for the next page; null on the last.")
    ]
