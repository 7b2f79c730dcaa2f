"""Reads of assets for tenants: none can be made without one."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.assets.table import Asset
from shared.cursor import make_cursor, read_cursor
from shared.errors import NotFound
from shared.ids import AssetId, TenantId, is_well_formed


@dataclass(frozen=True, slots=True)
class AssetPage:
    """Some assets, newest first, and where the next page begins."""

    assets: Sequence[Asset]
    next_cursor: str | None


def get_asset(
    session: Session, tenant_id: TenantId, asset_id: AssetId, *, for_update: bool = False
) -> Asset:
    """Return an asset of this tenant.

    Raises:
        NotFound: It has no such asset.
    """
    asset = None
    if is_well_formed(asset_id, "ast"):
        statement = select(Asset).where(Asset.id == asset_id, Asset.tenant_id == tenant_id)
        asset = session.scalar(statement.with_for_update() if for_update else statement)
    if asset is None:
        raise NotFound("asset")
    return asset


def find_needed_asset(session: Session, tenant_id: TenantId, asset_id: str) -> Asset | None:
    """Return an asset of this tenant, or None; it cannot be deleted until the transaction ends."""
    if not is_well_formed(asset_id, "ast"):
        return None
    return session.scalar(
        select(Asset)
        .where(Asset.id == asset_id, Asset.tenant_id == tenant_id)
        .with_for_update(key_share=True, read=True)
    )


def list_assets(session: Session, tenant_id: TenantId, cursor: str | None, limit: int) -> AssetPage:
    """Return one page of what this tenant has uploaded; what came inside requests is not shown.

    Raises:
        InvalidCursor: The cursor is not one that a page gave.
    """
    statement = select(Asset).where(Asset.tenant_id == tenant_id, Asset.job_id.is_(None))
    if cursor is not None:
        statement = statement.where(Asset.id < read_cursor(cursor, "ast"))
    assets = session.scalars(statement.order_by(Asset.id.desc()).limit(limit + 1)).all()
    more = len(assets) > limit
    return AssetPage(assets[:limit], make_cursor(assets[limit - 1].id) if more else None)
