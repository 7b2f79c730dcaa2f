"""Reads of a tenant's keys; none can be made without the tenant."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from shared.errors import NotFound
from shared.ids import KeyId, TenantId, is_well_formed
from shared.tenants.table import ApiKey


def list_keys(session: Session, tenant_id: TenantId) -> list[ApiKey]:
    """Return the keys of one tenant, oldest first."""
    return list(
        session.scalars(select(ApiKey).where(ApiKey.tenant_id == tenant_id).order_by(ApiKey.id))
    )


def get_key(session: Session, tenant_id: TenantId, key_id: KeyId) -> ApiKey:
    """Return a key of this tenant, held against others who would change it.

    Raises:
        NotFound: It has no such key.
    """
    if not is_well_formed(key_id, "key"):
        raise NotFound("key")
    # the API may lock a row only by the columns that it may write
    wanted = select(ApiKey).where(ApiKey.id == key_id, ApiKey.tenant_id == tenant_id)
    row = session.scalar(wanted.with_for_update())
    if row is None:
        raise NotFound("key")
    return row
