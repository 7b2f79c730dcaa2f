"""What `/admin` takes and shows."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from api.schemas.keys import RequestsPerMinute

TenantName = Annotated[
    str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$", examples=["team-red"])
]
MAX_QUOTA = 1e12
MonthlyQuota = Annotated[
    float | None,
    Field(
        ge=0,
        le=MAX_QUOTA,
        allow_inf_nan=False,
        description="Megapixel-steps that its jobs may use in a month; null is no limit.",
    ),
]


class TenantRequest(BaseModel):
    """A tenant to open."""

    model_config = ConfigDict(extra="forbid")

    name: TenantName
    requests_per_minute: RequestsPerMinute = None
    monthly_quota: MonthlyQuota = None


class TenantChange(BaseModel):
    """What to change of a tenant; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    requests_per_minute: RequestsPerMinute = None
    monthly_quota: MonthlyQuota = None


class TopUpRequest(BaseModel):
    """What to add to this month's quota."""

    model_config = ConfigDict(extra="forbid")

    amount: Annotated[float, Field(gt=0, le=MAX_QUOTA, description="Megapixel-steps.")]


class TenantView(BaseModel):
    """One tenant."""

    id: Annotated[str, Field(examples=["ten_019234a1b2c37d4e8f00112233445566"])]
    name: str
    created_at: datetime
    suspended_at: Annotated[
        datetime | None, Field(description="Since when its keys are refused; null while they work.")
    ]
    requests_per_minute: RequestsPerMinute
    monthly_quota: MonthlyQuota


class TenantListView(BaseModel):
    """Every tenant, oldest first."""

    data: list[TenantView]
    next_cursor: None


class ActView(BaseModel):
    """One thing an admin did."""

    at: datetime
    actor: Annotated[str, Field(description="The admin's key, or `command-line`.")]
    action: Annotated[str, Field(examples=["tenant.suspended"])]
    target: Annotated[str, Field(examples=["ten_019234a1b2c37d4e8f00112233445566"])]
    detail: dict[str, Any]


class ActListView(BaseModel):
    """Some acts, newest first."""

    data: list[ActView]
    next_cursor: str | None
