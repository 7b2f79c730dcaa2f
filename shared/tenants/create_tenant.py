"""Opening an account."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from shared.clock import utc_now
from shared.errors import NameTaken
from shared.ids import new_tenant_id
from shared.tenants.record_act import record_act
from shared.tenants.table import Tenant


def get_or_create_tenant(session: Session, name: str) -> Tenant:
    """Return the tenant called `name`, made now if there is none."""
    found = session.scalar(select(Tenant).where(Tenant.name == name))
    if found is not None:
        return found
    tenant = Tenant(id=new_tenant_id(), name=name, created_at=utc_now(), suspended_at=None)
    session.add(tenant)
    session.flush()
    return tenant


def create_tenant(
    session: Session, actor: str, name: str, limits: Mapping[str, int | None] | None = None
) -> Tenant:
    """Open an account under a name that no other has.

    Args:
        session: Of the admin role.
        actor: Who opens it.
        name: What it is called.
        limits: Its columns by name, of those that `change_tenant` changes.

    Raises:
        NameTaken: Another tenant is called so.
    """
    tenant_id = new_tenant_id()
    detail = {"name": name, **(limits or {})}
    statement = insert(Tenant).values(
        id=tenant_id, name=name, created_at=utc_now(), **(limits or {})
    )
    made: Tenant | None = session.scalar(
        statement.on_conflict_do_nothing(index_elements=[Tenant.name]).returning(Tenant)
    )
    if made is None:
        raise NameTaken("tenant")
    record_act(session, actor, "tenant.created", tenant_id, detail)
    return made


def list_tenants(session: Session) -> list[Tenant]:
    """Return every tenant, oldest first; the admin role alone sees more than its own."""
    return list(session.scalars(select(Tenant).order_by(Tenant.created_at, Tenant.id)))
