"""Issuing and revoking API keys."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from shared.clock import utc_now
from shared.errors import NotFound
from shared.ids import KeyId, TenantId
from shared.tenants.keys import Scope, new_api_key
from shared.tenants.table import ApiKey


def create_key(
    session: Session,
    tenant_id: TenantId,
    name: str,
    scopes: Iterable[Scope],
    *,
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """Issue a key; returns its row and the secret text, which is kept nowhere."""
    shown, kept = new_api_key()
    row = ApiKey(
        id=kept.key_id,
        tenant_id=tenant_id,
        name=name,
        secret_hash=kept.secret_hash,
        scopes=[scope.value for scope in scopes],
        created_at=utc_now(),
        expires_at=expires_at,
        revoked_at=None,
    )
    session.add(row)
    session.flush()
    return row, shown


def list_keys(session: Session, tenant_id: TenantId) -> list[ApiKey]:
    """Return the keys of one tenant, oldest first."""
    return list(
        session.scalars(select(ApiKey).where(ApiKey.tenant_id == tenant_id).order_by(ApiKey.id))
    )


def revoke_key(session: Session, key_id: KeyId) -> None:
    """End a key for good; revoking it again changes nothing.

    Raises:
        NotFound: There is no such key.
    """
    found = session.execute(
        update(ApiKey)
        .where(ApiKey.id == key_id)
        .values(revoked_at=func.coalesce(ApiKey.revoked_at, func.now()))
        .returning(ApiKey.id)
    ).first()
    if found is None:
        raise NotFound("key")
