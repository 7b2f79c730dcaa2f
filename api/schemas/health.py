"""What the health checks show."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field


class LiveView(BaseModel):
    """The process answers."""

    status: Literal["ok"]


class PartView(BaseModel):
    """One dependency."""

    status: Literal["ok", "down"]
    detail: Annotated[str | None, Field(description="What is wrong with it.")]


class ReadyView(BaseModel):
    """Whether requests can be served, part by part; `workers_alive` only informs."""

    status: Literal["ok", "down"]
    database: PartView
    broker: PartView
    store: PartView
    workers_alive: Annotated[int | None, Field(description="null while the database is down.")]
