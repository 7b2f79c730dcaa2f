"""The tenant and the keys that `up` prints: made once, used again at every start."""

import dataclasses

from cli.up.kept_secrets import KeptSecrets
from shared.db import Sessions, transaction
from shared.errors import TenantSuspended, Unauthorized
from shared.ids import TenantId
from shared.tenants.authenticate import authenticate
from shared.tenants.create_key import create_key
from shared.tenants.create_tenant import get_or_create_tenant
from shared.tenants.keys import Scope

TENANT = "default"
OWN = (Scope.JOBS_WRITE, Scope.JOBS_READ, Scope.USAGE_READ, Scope.KEYS)


def issue_missing_keys(admin: Sessions, api: Sessions, kept: KeptSecrets) -> KeptSecrets:
    """Return `kept` with keys that this database knows."""
    api_key, admin_key = kept.api_key, kept.admin_key
    if not _is_known(api, api_key):
        api_key = _issue(admin, "atelier up", OWN)
    if not _is_known(api, admin_key):
        admin_key = _issue(admin, "atelier up, admin", (*OWN, Scope.ADMIN))
    return dataclasses.replace(kept, api_key=api_key, admin_key=admin_key)


def _is_known(sessions: Sessions, key: str | None) -> bool:
    try:
        with transaction(sessions) as session:
            authenticate(session, key)
    except Unauthorized:
        return False
    except TenantSuspended:
        return True  # it knows the key, and says why it does not let it in
    return True


def _issue(sessions: Sessions, name: str, scopes: tuple[Scope, ...]) -> str:
    with transaction(sessions) as session:
        tenant = get_or_create_tenant(session, TENANT)
        return create_key(session, TenantId(tenant.id), name, scopes)[1]
