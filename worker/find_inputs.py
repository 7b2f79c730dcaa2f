"""Where the pictures that a job begins with lie in the store."""

from collections.abc import Mapping
from typing import assert_never

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from shared.assets.table import Asset
from shared.ids import TenantId
from shared.images.table import Image
from shared.jobs.request_fields import AssetPicture, JobPicture, StoredPicture


def find_input_keys(
    session: Session, tenant_id: TenantId, sources: Mapping[str, StoredPicture]
) -> dict[str, str]:
    """Return the object keys of a tenant's pictures by their names; what is gone is left out."""
    found = {name: session.scalar(_key_of(tenant_id, one)) for name, one in sources.items()}
    return {name: key for name, key in found.items() if key is not None}


def _key_of(tenant_id: TenantId, source: StoredPicture) -> Select[str]:
    match source:
        case AssetPicture():
            return select(Asset.key).where(Asset.id == source.asset, Asset.tenant_id == tenant_id)
        case JobPicture():
            return select(Image.key).where(
                Image.job_id == source.job,
                Image.index == source.index,
                Image.tenant_id == tenant_id,
            )
        case _:
            assert_never(source)
