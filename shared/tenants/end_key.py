"""Ending API keys: at once, or after an overlap with a successor."""

from datetime import timedelta

from sqlalchemy.orm import Session

from shared.clock import utc_now
from shared.errors import NotFound
from shared.ids import KeyId, TenantId
from shared.tenants.create_key import create_key
from shared.tenants.find_keys import get_key
from shared.tenants.keys import Scope
from shared.tenants.table import ApiKey


def revoke_key(session: Session, tenant_id: TenantId, key_id: KeyId) -> ApiKey:
    """End a key for good; revoking it again changes nothing.

    Raises:
        NotFound: The tenant has no such key.
    """
    row = get_key(session, tenant_id, key_id)
    row.revoked_at = row.revoked_at or utc_now()
    return row


def rotate_key(
    session: Session, tenant_id: TenantId, key_id: KeyId, overlap_s: int
) -> tuple[ApiKey, str]:
    """Issue a successor like it in all but the secret; both work while the overlap lasts.

    Raises:
        NotFound: The tenant has no such key, or it has ended.
    """
    old = get_key(session, tenant_id, key_id)
    now = utc_now()
    if old.revoked_at is not None or (old.expires_at is not None and old.expires_at <= now):
        raise NotFound("key that still works")
    ends_at = now + timedelta(seconds=overlap_s)
    scopes = [Scope(scope) for scope in old.scopes]
    successor = create_key(
        session,
        tenant_id,
        old.name,
        scopes,
        expires_at=old.expires_at,
        requests_per_minute=old.requests_per_minute,
    )
    old.expires_at = min(ends_at, old.expires_at or ends_at)
    return successor
