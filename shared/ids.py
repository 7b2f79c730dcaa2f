"""Prefixed, time-ordered identifiers, and the types that keep them apart."""

import re
import secrets
import time
import uuid
from typing import NewType

TenantId = NewType("TenantId", str)
KeyId = NewType("KeyId", str)
JobId = NewType("JobId", str)
ImageId = NewType("ImageId", str)
AssetId = NewType("AssetId", str)
UsageId = NewType("UsageId", str)

_WELL_FORMED = re.compile(r"[a-z]{3}_[0-9a-f]{32}")


def new_tenant_id() -> TenantId:
    """Return a fresh tenant id."""
    return TenantId(_new_id("ten"))


def new_key_id() -> KeyId:
    """Return a fresh API key id."""
    return KeyId(_new_id("key"))


def new_job_id() -> JobId:
    """Return a fresh job id."""
    return JobId(_new_id("job"))


def new_image_id() -> ImageId:
    """Return a fresh image id."""
    return ImageId(_new_id("img"))


def new_asset_id() -> AssetId:
    """Return a fresh asset id."""
    return AssetId(_new_id("ast"))


def new_usage_id() -> UsageId:
    """Return a fresh ledger line id."""
    return UsageId(_new_id("use"))


def is_well_formed(candidate: str, prefix: str) -> bool:
    """Tell whether `candidate` could be an id of this kind; anything else cannot exist."""
    return candidate.startswith(f"{prefix}_") and _WELL_FORMED.fullmatch(candidate) is not None


def _new_id(prefix: str) -> str:
    return f"{prefix}_{_new_uuid7().hex}"


def _new_uuid7() -> uuid.UUID:
    """Return 48 bits of milliseconds, then 74 random bits around the version and variant.

    Source: RFC 9562, section 5.7.
    """
    value = (time.time_ns() // 1_000_000) << 80
    value |= 0x7 << 76 | secrets.randbits(12) << 64
    value |= 0b10 << 62 | secrets.randbits(62)
    return uuid.UUID(int=value)
