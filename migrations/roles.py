"""The database roles. Processes log in as a role that owns nothing and become one of three."""

from sqlalchemy import Connection, text
from sqlalchemy.engine import URL

from shared.db import Role

_LOCK_ID = 5_419_230_017


class LoginRoleMissing(RuntimeError):
    """The role in DATABASE_URL does not exist and the migrating role may not make it."""


def ensure_roles(connection: Connection, login: URL) -> None:
    """Make the group roles, the login role if it is missing, and let the login become each.

    Raises:
        LoginRoleMissing: There is no such login role, and its URL has no password to make it with.
    """
    # roles are the cluster's: two databases migrating at once would both try to make them
    connection.execute(text("SELECT pg_advisory_xact_lock(:id)"), {"id": _LOCK_ID})
    for role in Role:
        if not _exists(connection, role.value):
            connection.execute(text(f"CREATE ROLE {role.value} NOLOGIN NOINHERIT"))
        # an owner that is no superuser must be able to hand functions to the role
        connection.execute(text(f"GRANT {role.value} TO CURRENT_USER"))
    name = login.username or ""
    if not _exists(connection, name):
        _create_login(connection, name, login.password)
    quoted = _quote(connection, name)
    if _is_privileged(connection, name):
        return  # a superuser may become any role already; deployments are told not to do so
    for role in Role:
        connection.execute(text(f"GRANT {role.value} TO {quoted}"))
    database = _quote(connection, connection.engine.url.database or "")
    connection.execute(text(f"GRANT CONNECT ON DATABASE {database} TO {quoted}"))


def _create_login(connection: Connection, name: str, password: str | None) -> None:
    if not name or not password:
        raise LoginRoleMissing(
            f"Role {name!r} of DATABASE_URL does not exist. Create it, or give its URL a password"
            " so that the migration can."
        )
    literal = connection.exec_driver_sql("SELECT quote_literal(%s)", (password,)).scalar_one()
    # a statement that defines a role takes no parameters, so the password is quoted by the server
    connection.exec_driver_sql(
        f"CREATE ROLE {_quote(connection, name)} LOGIN NOINHERIT PASSWORD {literal}".replace(
            "%", "%%"
        )
    )


def _exists(connection: Connection, name: str) -> bool:
    statement = text("SELECT 1 FROM pg_roles WHERE rolname = :name")
    return connection.execute(statement, {"name": name}).first() is not None


def _is_privileged(connection: Connection, name: str) -> bool:
    statement = text("SELECT rolsuper FROM pg_roles WHERE rolname = :name")
    return bool(connection.execute(statement, {"name": name}).scalar_one())


def _quote(connection: Connection, name: str) -> str:
    return connection.dialect.identifier_preparer.quote_identifier(name)
