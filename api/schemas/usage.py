"""What `/v1/limits` and `/v1/usage` show. Amounts are megapixel-steps."""

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, Field


class LimitsView(BaseModel):
    """How a tenant stands."""

    unit: Annotated[str, Field(examples=["megapixel-step"])]
    quota: Annotated[float | None, Field(description="Of this month, top-ups included.")]
    reserved: Annotated[float, Field(description="Set aside for jobs that have not ended.")]
    used: Annotated[float, Field(description="By jobs that have ended.")]
    left: Annotated[float | None, Field(description="Null where there is no quota.")]
    period_start: datetime
    period_end: Annotated[datetime, Field(description="When the quota renews.")]
    requests_per_minute: Annotated[int | None, Field(description="Of all keys together.")]
    key_requests_per_minute: Annotated[int | None, Field(description="Of the key that asks.")]


class UsageLineView(BaseModel):
    """One group of jobs that ended; fields that were not grouped by are left out."""

    day: date | None = None
    model: str | None = None
    key: Annotated[
        str | None, Field(description="Id of the key; empty for jobs of before it was noted.")
    ] = None
    task: str | None = None
    jobs: int
    succeeded: int
    failed: int
    canceled: int
    images: int
    amount: Annotated[float, Field(description="What they cost.")]


class UsageView(BaseModel):
    """What was used, exact: the sum of the ledger's lines."""

    unit: Annotated[str, Field(examples=["megapixel-step"])]
    first_day: date
    last_day: date
    data: list[UsageLineView]
    total: UsageLineView
