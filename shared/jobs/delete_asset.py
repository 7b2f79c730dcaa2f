"""Deleting an asset, unless a job still needs it."""

from sqlalchemy import cast, func, select
from sqlalchemy.dialects.postgresql import JSONPATH
from sqlalchemy.orm import Session

from shared.assets.queries import get_asset
from shared.errors import AssetInUse
from shared.ids import AssetId, TenantId
from shared.images.keys import folder_of
from shared.jobs.remove_objects import note_objects
from shared.jobs.status import JobStatus
from shared.jobs.table import Job

_NAMES_ASSET = "$.**.asset ? (@ == $id)"


def delete_asset(session: Session, tenant_id: TenantId, asset_id: AssetId, grace_s: float) -> str:
    """Remove the row; returns the prefix of its object, for the caller to remove after the commit.

    Raises:
        NotFound: The tenant has no such asset.
        AssetInUse: A job that has not ended needs it.
    """
    asset = get_asset(session, tenant_id, asset_id, for_update=True)
    needed_by = session.scalar(
        select(Job.id)
        .where(
            Job.tenant_id == tenant_id,
            Job.status.in_([JobStatus.QUEUED, JobStatus.RUNNING]),
            func.jsonb_path_exists(
                Job.request, cast(_NAMES_ASSET, JSONPATH), func.jsonb_build_object("id", asset.id)
            ),
        )
        .limit(1)
    )
    if needed_by is not None:
        raise AssetInUse(needed_by)
    prefix = folder_of(asset.key)
    note_objects(session, tenant_id, prefix, grace_s)
    session.delete(asset)
    session.flush()
    return prefix
