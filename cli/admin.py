"""Tenants and keys, as the admin role, straight in the database."""

import json
from collections.abc import Sequence
from pathlib import Path

from cli.errors import CommandError
from cli.read_settings import read_admin_settings
from shared.db import Role, Sessions, make_sessions, transaction
from shared.errors import NotFound
from shared.ids import KeyId, TenantId
from shared.tenants.create_key import create_key as issue
from shared.tenants.create_tenant import get_or_create_tenant
from shared.tenants.create_tenant import list_tenants as find_tenants
from shared.tenants.end_key import revoke_key as revoke
from shared.tenants.find_keys import list_keys as find_keys
from shared.tenants.keys import Scope
from shared.tenants.record_act import COMMAND_LINE, record_act
from shared.tenants.suspend_tenant import resume_tenant as resume
from shared.tenants.suspend_tenant import suspend_tenant as suspend
from shared.tenants.table import ApiKey

DEFAULT_SCOPES = (Scope.JOBS_WRITE, Scope.JOBS_READ)


def create_key(
    home: Path | None, tenant: str, name: str, scopes: Sequence[str] | None, *, as_json: bool
) -> None:
    """Issue a key of the tenant called `tenant`."""
    wanted = _parse_scopes(scopes)
    sessions = _open(home)
    tenant_id = _find_tenant(sessions, tenant)
    with transaction(sessions) as session:
        row, shown = issue(session, tenant_id, name, wanted)
        record_act(session, COMMAND_LINE, "key.issued", row.id, {"tenant": tenant_id})
        view = {"id": row.id, "secret": shown, "scopes": row.scopes}
    print(json.dumps(view) if as_json else shown)


def list_keys(home: Path | None, tenant: str, *, as_json: bool) -> None:
    """Print the keys of the tenant called `tenant`, without their secrets."""
    sessions = _open(home)
    tenant_id = _find_tenant(sessions, tenant)
    with transaction(sessions) as session:
        views = [
            {
                "id": row.id,
                "name": row.name,
                "scopes": row.scopes,
                "created_at": row.created_at.isoformat(),
                "revoked_at": row.revoked_at.isoformat() if row.revoked_at else None,
            }
            for row in find_keys(session, tenant_id)
        ]
    if as_json:
        print(json.dumps(views))
        return
    for view in views:
        state = "revoked" if view["revoked_at"] else "active"
        print(f"{view['id']}  {state:<7}  {' '.join(view['scopes'] or ())}  {view['name']}")


def revoke_key(home: Path | None, key_id: str) -> None:
    """End a key for good.

    Raises:
        CommandError: there is no such key.
    """
    try:
        with transaction(_open(home)) as session:
            row = session.get(ApiKey, key_id)
            tenant_id = TenantId(row.tenant_id if row else "")
            revoke(session, tenant_id, KeyId(key_id))
            record_act(session, COMMAND_LINE, "key.revoked", key_id, {"tenant": tenant_id})
    except NotFound:
        msg = f"there is no key {key_id}"
        raise CommandError(msg) from None
    print(f"{key_id} is revoked")


def set_suspended(home: Path | None, name: str, *, is_suspended: bool) -> None:
    """Refuse the keys of the tenant called `name`, or let them in again."""
    sessions = _open(home)
    tenant_id = _find_tenant(sessions, name)
    with transaction(sessions) as session:
        (suspend if is_suspended else resume)(session, COMMAND_LINE, tenant_id)
    print(f"{name} is {'suspended: its keys are refused' if is_suspended else 'let in again'}")


def create_tenant(home: Path | None, name: str, *, as_json: bool) -> None:
    """Open the account called `name`, or find it."""
    with transaction(_open(home)) as session:
        tenant_id = get_or_create_tenant(session, name).id
    print(json.dumps({"id": tenant_id, "name": name}) if as_json else tenant_id)


def list_tenants(home: Path | None, *, as_json: bool) -> None:
    """Print every tenant."""
    with transaction(_open(home)) as session:
        views = [{"id": row.id, "name": row.name} for row in find_tenants(session)]
    if as_json:
        print(json.dumps(views))
        return
    for view in views:
        print(f"{view['id']}  {view['name']}")


def _open(home: Path | None) -> Sessions:
    return make_sessions(read_admin_settings(home), role=Role.ADMIN)


def _find_tenant(sessions: Sessions, name: str) -> TenantId:
    with transaction(sessions) as session:
        for row in find_tenants(session):
            if row.name == name:
                return TenantId(row.id)
    msg = f"there is no tenant called {name!r}; `atelier admin tenants create` opens one"
    raise CommandError(msg)


def _parse_scopes(scopes: Sequence[str] | None) -> tuple[Scope, ...]:
    if not scopes:
        return DEFAULT_SCOPES
    try:
        return tuple(Scope(scope) for scope in scopes)
    except ValueError:
        known = ", ".join(scope.value for scope in Scope)
        msg = f"a scope is one of {known}"
        raise CommandError(msg) from None
