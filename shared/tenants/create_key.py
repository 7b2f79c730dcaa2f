"""Issuing API keys."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from shared.clock import utc_now
from shared.ids import TenantId
from shared.tenants.keys import Scope, new_api_key
from shared.tenants.table import ApiKey


def create_key(
    session: Session,
    tenant_id: TenantId,
    name: str,
    scopes: Iterable[Scope],
    *,
    expires_at: datetime | None = None,
    requests_per_minute: int | None = None,
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
        last_used_at=None,
        requests_per_minute=requests_per_minute,
    )
    session.add(row)
    session.flush()
    return row, shown
