"""The declarative base, the session factories, and the only commit in the program."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import Connection, Engine, MetaData, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.orm import DeclarativeBase, Session, SessionTransaction, sessionmaker

from shared.config import Settings
from shared.ids import TenantId

Sessions = sessionmaker[Session]

_AFTER_COMMIT = "after_commit"
_LOCK_TIMEOUT_S = 2
_WORKER_TIMEOUT_S = 30
_IDLE_TIMEOUT_S = 15
_POOL_TIMEOUT_S = 2
_CONNECT_TIMEOUT_S = 3


class Role(StrEnum):
    """As whom a process speaks to the database; row-level security hangs on it."""

    API = "atelier_api"
    WORKER = "atelier_worker"
    ADMIN = "atelier_admin"


class Row(DeclarativeBase):
    """Base of every table; constraint names are deterministic so that migrations can drop them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def driver_url(url: str) -> URL:
    """Return `url` for the one driver this program uses, whatever scheme its writer chose."""
    return make_url(url).set(drivername="postgresql+psycopg")


def make_sessions(settings: Settings, role: Role) -> Sessions:
    """Build the session factory each process makes once, at start.

    Every transaction of it begins with the role and its time limits, set for that transaction
    alone: a pooled connection carries nothing to the next one.
    """
    engine = create_engine(
        driver_url(settings.database_url.get_secret_value()),
        pool_size=settings.database_pool_size,
        max_overflow=0,
        pool_timeout=_POOL_TIMEOUT_S,
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": _CONNECT_TIMEOUT_S,
            # a pooler in transaction mode forgets prepared statements between transactions
            "prepare_threshold": None,
        },
    )
    timeout_s = settings.database_timeout_s if role is Role.API else _WORKER_TIMEOUT_S
    sessions = sessionmaker(engine, expire_on_commit=False)
    event.listen(sessions, "after_begin", _enter(role, timeout_s))
    return sessions


@contextmanager
def transaction(sessions: Sessions) -> Generator[Session]:
    """Yield a session; commit when the block ends, roll back when it raises.

    Callbacks left by `after_commit` run once the commit has succeeded, and never otherwise.
    """
    with sessions() as session:
        with session.begin():
            yield session
        for callback in _callbacks(session):
            callback()


def close_sessions(sessions: Sessions) -> None:
    """Close the connections of a factory that is used no longer."""
    cast("Engine", sessions.kw["bind"]).dispose()


def after_commit(session: Session, callback: Callable[[], None]) -> None:
    """Run `callback` once this session's transaction has committed."""
    _callbacks(session).append(callback)


def set_tenant(session: Session, tenant_id: TenantId) -> None:
    """Let the rest of this transaction see the rows of one tenant, and no others."""
    session.execute(
        text("SELECT set_config('atelier.tenant_id', :tenant_id, true)"), {"tenant_id": tenant_id}
    )


def _enter(
    role: Role, timeout_s: float
) -> Callable[[Session, SessionTransaction, Connection], None]:
    statement = text(
        "SELECT set_config('role', :role, true),"
        " set_config('statement_timeout', :statement, true),"
        " set_config('lock_timeout', :lock, true),"
        " set_config('idle_in_transaction_session_timeout', :idle, true)"
    )
    values: dict[str, Any] = {
        "role": role.value,
        "statement": f"{int(timeout_s * 1000)}ms",
        "lock": f"{_LOCK_TIMEOUT_S}s",
        "idle": f"{_IDLE_TIMEOUT_S}s",
    }

    def enter(_session: Session, _transaction: SessionTransaction, connection: Connection) -> None:
        connection.execute(statement, values)

    return enter


def _callbacks(session: Session) -> list[Callable[[], None]]:
    return cast("list[Callable[[], None]]", session.info.setdefault(_AFTER_COMMIT, []))
