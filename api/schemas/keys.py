"""What `/v1/keys` takes and shows."""

from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.tenants.keys import Scope

MAX_OVERLAP_S = 30 * 86_400

KeyName = Annotated[
    str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$", examples=["my laptop"])
]


RequestsPerMinute = Annotated[
    int | None,
    Field(ge=1, le=1_000_000, description="Calls that pass in a minute; null is no limit."),
]


class KeyRequest(BaseModel):
    """A key to issue."""

    model_config = ConfigDict(extra="forbid")

    name: KeyName
    scopes: Annotated[
        list[Scope],
        Field(min_length=1, max_length=16, description="What it may do; no more than your own."),
    ]
    expires_at: Annotated[
        AwareDatetime | None, Field(description="RFC 3339; never when left out.")
    ] = None

    requests_per_minute: RequestsPerMinute = None


class RotateRequest(BaseModel):
    """How a key gives way to its successor."""

    model_config = ConfigDict(extra="forbid")

    overlap_seconds: Annotated[
        int, Field(ge=0, le=MAX_OVERLAP_S, description="How long the old key goes on working.")
    ] = 86_400


class KeyView(BaseModel):
    """A key, without its secret."""

    id: Annotated[str, Field(examples=["key_019234a1b2c37d4e8f00112233445566"])]
    name: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: Annotated[datetime | None, Field(description="To the minute.")]
    requests_per_minute: RequestsPerMinute


class IssuedKeyView(KeyView):
    """A key that was just issued."""

    secret: Annotated[
        str, Field(description="The key itself. It is shown this once and kept nowhere.")
    ]


class KeyListView(BaseModel):
    """A tenant's keys, oldest first."""

    data: list[KeyView]
    next_cursor: None
