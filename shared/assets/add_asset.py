"""Keeping a picture that has been read and stored."""

from dataclasses import dataclass

from sqlalchemy import func
from sqlalchemy.orm import Session

from shared.assets.read_picture import Picture
from shared.assets.table import Asset
from shared.ids import AssetId, JobId, TenantId


@dataclass(frozen=True, slots=True)
class StoredAsset:
    """A picture whose object is in the store and whose row is not written yet."""

    id: AssetId
    key: str
    picture: Picture


def add_asset(
    session: Session, tenant_id: TenantId, stored: StoredAsset, job_id: JobId | None = None
) -> Asset:
    """Write the row: a tenant's upload, or the input of one job."""
    picture = stored.picture
    asset = Asset(
        id=stored.id,
        tenant_id=tenant_id,
        job_id=job_id,
        width_px=picture.width_px,
        height_px=picture.height_px,
        has_alpha=picture.has_alpha,
        size_bytes=len(picture.data),
        sha256=picture.sha256,
        key=stored.key,
        created_at=func.now(),
    )
    session.add(asset)
    session.flush()
    return asset
