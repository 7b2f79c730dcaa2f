"""Closing a tenant's door for a while, and opening it again."""

from sqlalchemy.orm import Session

from shared.clock import utc_now
from shared.errors import NotFound
from shared.ids import TenantId, is_well_formed
from shared.tenants.record_act import record_act
from shared.tenants.table import Tenant


def suspend_tenant(session: Session, actor: str, tenant_id: TenantId) -> Tenant:
    """Refuse a tenant's keys until it is resumed; jobs that it queued before still run.

    Raises:
        NotFound: There is no such tenant.
    """
    tenant = get_tenant(session, tenant_id)
    if tenant.suspended_at is None:
        tenant.suspended_at = utc_now()
        record_act(session, actor, "tenant.suspended", tenant_id)
    return tenant


def resume_tenant(session: Session, actor: str, tenant_id: TenantId) -> Tenant:
    """Let a tenant's keys in again.

    Raises:
        NotFound: There is no such tenant.
    """
    tenant = get_tenant(session, tenant_id)
    if tenant.suspended_at is not None:
        tenant.suspended_at = None
        record_act(session, actor, "tenant.resumed", tenant_id)
    return tenant


def get_tenant(session: Session, tenant_id: TenantId) -> Tenant:
    """Return a tenant, held against others who would change it.

    Raises:
        NotFound: There is none of that id.
    """
    is_possible = is_well_formed(tenant_id, "ten")
    tenant = session.get(Tenant, tenant_id, with_for_update=True) if is_possible else None
    if tenant is None:
        raise NotFound("tenant")
    return tenant
