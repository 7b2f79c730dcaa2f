"""How a key is shown."""

from api.schemas.keys import IssuedKeyView, KeyView
from shared.tenants.table import ApiKey


def show_key(row: ApiKey) -> KeyView:
    """Return what there is to see of a key."""
    return KeyView(
        id=row.id,
        name=row.name,
        scopes=row.scopes,
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
        requests_per_minute=row.requests_per_minute,
    )


def show_issued_key(row: ApiKey, secret: str) -> IssuedKeyView:
    """Return a key with its secret, for the one time that it is shown."""
    return IssuedKeyView(**show_key(row).model_dump(), secret=secret)
