"""What `/v1/assets` shows."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field


class AssetView(BaseModel):
    """An input picture as it is kept: a PNG of our own writing, upright, pixels alone."""

    id: Annotated[str, Field(examples=["ast_019234a1b2c37d4e8f00112233445568"])]
    width: Annotated[int, Field(examples=[512])]
    height: Annotated[int, Field(examples=[384])]
    has_alpha: Annotated[bool, Field(description="Whether some of it is transparent.")]
    bytes: Annotated[int, Field(description="Of the PNG.", examples=[204_800])]
    sha256: Annotated[str, Field(examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d"])]
    job: Annotated[
        str | None,
        Field(description="The job it came with, and goes with; null for an upload."),
    ]
    url: Annotated[
        str, Field(description="Reads the picture with no key.", examples=["http://127.0.0.1:8000"])
    ]
    url_expires_at: datetime
    created_at: datetime


class AssetListView(BaseModel):
    """One page of uploads, newest first."""

    data: list[AssetView]
    next_cursor: Annotated[
        str | None, Field(description="Pass it as `cursor` for the next page; null on the last.")
    ]
