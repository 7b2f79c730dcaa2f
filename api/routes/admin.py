"""`/admin`: tenants, their keys, and the log of what admins did. Admin keys alone."""

from typing import Annotated

from fastapi import APIRouter, Body, Query, Response

from api.deps import Admin
from api.openapi import describe_problems
from api.schemas.admin import (
    ActListView,
    ActView,
    TenantChange,
    TenantListView,
    TenantRequest,
    TenantView,
    TopUpRequest,
)
from api.schemas.keys import IssuedKeyView, KeyListView, KeyRequest, KeyView, RotateRequest
from api.show_key import show_issued_key, show_key
from api.strict_route import StrictRoute
from shared.ids import KeyId, TenantId
from shared.tenants.change_tenant import change_tenant
from shared.tenants.create_key import create_key
from shared.tenants.create_tenant import create_tenant, list_tenants
from shared.tenants.end_key import revoke_key, rotate_key
from shared.tenants.find_keys import list_keys
from shared.tenants.record_act import ActFilter, list_acts, record_act
from shared.tenants.suspend_tenant import get_tenant, resume_tenant, suspend_tenant
from shared.tenants.table import Tenant
from shared.usage.account import top_up
from shared.usage.price import PIXEL_STEPS_PER_UNIT

router = APIRouter(prefix="/admin", tags=["admin"], route_class=StrictRoute)
_BODY = ("malformed-json", "unsupported-media-type", "payload-too-large")


@router.post("/tenants", status_code=201, responses=describe_problems("name-taken", *_BODY))
def open_tenant(asked: TenantRequest, access: Admin) -> TenantView:
    """Open a tenant."""
    actor = access.caller.key_id
    return _show(create_tenant(access.session, actor, asked.name, _limits_of(asked)))


@router.get("/tenants", responses=describe_problems())
def list_all_tenants(access: Admin) -> TenantListView:
    """List every tenant."""
    return TenantListView(
        data=[_show(row) for row in list_tenants(access.session)], next_cursor=None
    )


@router.get("/tenants/{tenant_id}", responses=describe_problems("not-found"))
def read_tenant(tenant_id: str, access: Admin) -> TenantView:
    """Show one tenant."""
    return _show(get_tenant(access.session, TenantId(tenant_id)))


@router.patch("/tenants/{tenant_id}", responses=describe_problems("not-found", *_BODY))
def change(tenant_id: str, asked: TenantChange, access: Admin) -> TenantView:
    """Change what a tenant may do; what is left out stays."""
    actor = access.caller.key_id
    return _show(change_tenant(access.session, actor, TenantId(tenant_id), _limits_of(asked)))


@router.post(
    "/tenants/{tenant_id}/top-ups",
    status_code=204,
    responses=describe_problems("not-found", *_BODY),
)
def add_to_quota(tenant_id: str, asked: TopUpRequest, access: Admin) -> None:
    """Add to a tenant's quota of this month alone."""
    tenant = get_tenant(access.session, TenantId(tenant_id))
    top_up(access.session, TenantId(tenant.id), _pixel_steps(asked.amount))
    detail = {"amount": asked.amount}
    record_act(access.session, access.caller.key_id, "tenant.topped-up", tenant.id, detail)


@router.post("/tenants/{tenant_id}/suspend", responses=describe_problems("not-found"))
def suspend(tenant_id: str, access: Admin) -> TenantView:
    """Refuse its keys with `tenant-suspended`; jobs that it queued before still run."""
    return _show(suspend_tenant(access.session, access.caller.key_id, TenantId(tenant_id)))


@router.post("/tenants/{tenant_id}/resume", responses=describe_problems("not-found"))
def resume(tenant_id: str, access: Admin) -> TenantView:
    """Let its keys in again."""
    return _show(resume_tenant(access.session, access.caller.key_id, TenantId(tenant_id)))


@router.get("/tenants/{tenant_id}/keys", responses=describe_problems("not-found"))
def list_tenant_keys(tenant_id: str, access: Admin) -> KeyListView:
    """List a tenant's keys, ended ones too."""
    tenant = get_tenant(access.session, TenantId(tenant_id))
    rows = list_keys(access.session, TenantId(tenant.id))
    return KeyListView(data=[show_key(row) for row in rows], next_cursor=None)


@router.post(
    "/tenants/{tenant_id}/keys",
    status_code=201,
    responses=describe_problems("not-found", *_BODY),
)
def issue_tenant_key(
    tenant_id: str, asked: KeyRequest, access: Admin, response: Response
) -> IssuedKeyView:
    """Issue a key of a tenant. Its secret is in this answer and never shown again."""
    tenant = get_tenant(access.session, TenantId(tenant_id))
    row, secret = create_key(
        access.session,
        TenantId(tenant.id),
        asked.name,
        asked.scopes,
        expires_at=asked.expires_at,
        requests_per_minute=asked.requests_per_minute,
    )
    _log_key(access, "key.issued", row.id, tenant.id)
    response.headers["Cache-Control"] = "no-store"
    return show_issued_key(row, secret)


@router.delete("/tenants/{tenant_id}/keys/{key_id}", responses=describe_problems("not-found"))
def end_tenant_key(tenant_id: str, key_id: str, access: Admin) -> KeyView:
    """End a tenant's key for good."""
    row = revoke_key(access.session, TenantId(tenant_id), KeyId(key_id))
    _log_key(access, "key.revoked", row.id, tenant_id)
    return show_key(row)


@router.post(
    "/tenants/{tenant_id}/keys/{key_id}/rotate",
    status_code=201,
    responses=describe_problems("not-found", *_BODY),
)
def replace_tenant_key(
    tenant_id: str,
    key_id: str,
    access: Admin,
    response: Response,
    asked: Annotated[RotateRequest, Body()] = RotateRequest(),
) -> IssuedKeyView:
    """Issue a successor of a tenant's key; the old one works until the overlap ends."""
    row, secret = rotate_key(
        access.session, TenantId(tenant_id), KeyId(key_id), asked.overlap_seconds
    )
    _log_key(access, "key.rotated", key_id, tenant_id)
    response.headers["Cache-Control"] = "no-store"
    return show_issued_key(row, secret)


@router.get("/acts", responses=describe_problems())
def list_admin_acts(
    access: Admin,
    target: Annotated[
        str | None,
        Query(max_length=64, pattern=r"^[^\x00]*$", description="Of one tenant or key alone."),
    ] = None,
    cursor: Annotated[
        str | None, Query(pattern=r"^[0-9]{1,18}$", description="Of an earlier page.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> ActListView:
    """List what admins did, newest first."""
    before = int(cursor) if cursor is not None else None
    page = list_acts(access.session, ActFilter(target, before), limit)
    data = [
        ActView(at=act.at, actor=act.actor, action=act.action, target=act.target, detail=act.detail)
        for act in page.acts
    ]
    return ActListView(
        data=data, next_cursor=str(page.next_before) if page.next_before is not None else None
    )


def _log_key(access: Admin, action: str, key_id: str, tenant_id: str) -> None:
    record_act(access.session, access.caller.key_id, action, key_id, {"tenant": tenant_id})


def _limits_of(asked: TenantRequest | TenantChange) -> dict[str, int | None]:
    """Return the limits that were named, as the tenant's row keeps them."""
    limits: dict[str, int | None] = {}
    if "requests_per_minute" in asked.model_fields_set:
        limits["requests_per_minute"] = asked.requests_per_minute
    if "monthly_quota" in asked.model_fields_set:
        quota = asked.monthly_quota
        limits["monthly_quota"] = None if quota is None else _pixel_steps(quota)
    return limits


def _pixel_steps(units: float) -> int:
    return round(units * PIXEL_STEPS_PER_UNIT)


def _show(row: Tenant) -> TenantView:
    quota = row.monthly_quota
    return TenantView(
        id=row.id,
        name=row.name,
        created_at=row.created_at,
        suspended_at=row.suspended_at,
        requests_per_minute=row.requests_per_minute,
        monthly_quota=None if quota is None else quota / PIXEL_STEPS_PER_UNIT,
    )
