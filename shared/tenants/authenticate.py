"""From a presented key to the tenant behind it."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from shared.db import set_tenant
from shared.errors import Forbidden, ScopeNotHeld, TenantSuspended, Unauthorized
from shared.ids import KeyId, TenantId
from shared.tenants.keys import Scope, find_presented_key

_FIND = text(
    "SELECT tenant_id, scopes, is_suspended, tenant_rpm, key_rpm"
    " FROM present_api_key(:key_id, :secret_hash)"
)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking, and what the key allows.

    Attributes:
        tenant_rpm: Calls a minute of all the tenant's keys together; None is no limit.
        key_rpm: Calls a minute of this key; None is no limit of its own.
    """

    tenant_id: TenantId
    key_id: KeyId
    scopes: frozenset[str]
    tenant_rpm: int | None
    key_rpm: int | None

    def check_scope(self, scope: Scope) -> None:
        """Raise unless the key has `scope`.

        Raises:
            Forbidden: It has not.
        """
        if scope not in self.scopes:
            raise Forbidden(scope.value)

    def check_holds(self, scopes: Iterable[str]) -> None:
        """Raise unless the key has all of `scopes`.

        Raises:
            ScopeNotHeld: It lacks some.
        """
        lacking = sorted(set(scopes) - self.scopes)
        if lacking:
            raise ScopeNotHeld(lacking)


def authenticate(session: Session, presented: str | None) -> Caller:
    """Find the tenant of a key and let this transaction see its rows.

    Raises:
        Unauthorized: None given, or unknown, revoked, expired: never said which.
        TenantSuspended: The key is good, and an admin has closed its tenant's door.
    """
    key = find_presented_key(presented) if presented else None
    if key is None:
        raise Unauthorized
    found = session.execute(_FIND, {"key_id": key.key_id, "secret_hash": key.secret_hash}).first()
    if found is None:
        raise Unauthorized
    if found.is_suspended:
        raise TenantSuspended
    tenant_id = TenantId(found.tenant_id)
    set_tenant(session, tenant_id)
    return Caller(tenant_id, key.key_id, frozenset(found.scopes), found.tenant_rpm, found.key_rpm)
