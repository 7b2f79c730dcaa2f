"""Changing what a tenant may do."""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from shared.ids import TenantId
from shared.tenants.record_act import record_act
from shared.tenants.suspend_tenant import get_tenant
from shared.tenants.table import Tenant

CHANGEABLE = ("requests_per_minute", "monthly_quota")


def change_tenant(
    session: Session, actor: str, tenant_id: TenantId, changes: Mapping[str, int | None]
) -> Tenant:
    """Set the fields of a tenant that `changes` names, of those in `CHANGEABLE`.

    Raises:
        NotFound: There is no such tenant.
    """
    tenant = get_tenant(session, tenant_id)
    made = {
        name: changes[name]
        for name in CHANGEABLE
        if name in changes and getattr(tenant, name) != changes[name]
    }
    for name, value in made.items():
        setattr(tenant, name, value)
    if made:
        record_act(session, actor, "tenant.changed", tenant_id, made)
    return tenant
