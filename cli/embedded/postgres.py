"""A PostgreSQL server of our own: the wheel's binaries on loopback TCP, with a password."""

import contextlib
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from cli.embedded.account import Account, make_folder_for, write_file_for
from cli.embedded.binaries import Binaries
from cli.embedded.process import Command, stop_leftover

SUPERUSER = "postgres"
DATABASE = "atelier"

# The servers speak to nobody but us, and this machine runs a diffusion model beside them.
OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "io_method": "sync",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "idle_in_transaction_session_timeout": "15s",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Postgres:
    """Where one embedded server keeps its data and listens."""

    folder: Path
    port: int
    password: str
    account: Account | None
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.folder / "data"

    def url(self, *, user: str = SUPERUSER, password: str = "", database: str = DATABASE) -> str:
        """Return the address of one database, for psycopg; the superuser's without arguments."""
        secret = password or self.password
        return f"postgresql://{user}:{secret}@127.0.0.1:{self.port}/{database}"


def prepare_postgres(
    server: Postgres, binaries: Binaries, environment: Mapping[str, str]
) -> Command:
    """Make the data directory on first use, clear what a killed run left; return the command."""
    make_folder_for(server.account, server.folder)
    if not (server.data / "PG_VERSION").exists():
        _init_data(server, binaries.initdb, environment)
    _clear_earlier_run(server.data)
    options = OPTIONS | dict(server.options) | {"port": str(server.port)}
    settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    return Command(
        arguments=(str(binaries.postgres), "-D", str(server.data), *settings),
        environment=environment,
        account=server.account,
        stop_signal=signal.SIGINT,
    )


def _init_data(server: Postgres, initdb: Path, environment: Mapping[str, str]) -> None:
    """Run initdb beside the final place: an interrupted one must not look like a database.

    Raises:
        ChildProcessError: initdb refused.
    """
    partial = server.folder / "data.partial"
    shutil.rmtree(partial, ignore_errors=True)
    password_file = server.folder / "password"
    write_file_for(server.account, password_file, server.password)
    account = server.account
    arguments = (
        str(initdb),
        f"--pgdata={partial}",
        f"--username={SUPERUSER}",
        "--auth=scram-sha-256",
        f"--pwfile={password_file}",
        "--data-checksums",
        "--encoding=UTF8",
        "--no-locale",
        *_sync_arguments(server),
    )
    try:
        subprocess.run(
            arguments,
            cwd="/",
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
            user=None if account is None else account.user_id,
            group=None if account is None else account.group_id,
            extra_groups=None if account is None else [],
            umask=0o077,
        )
    except subprocess.CalledProcessError as error:
        msg = f"initdb failed: {error.stderr.strip() or error.stdout.strip()}"
        raise ChildProcessError(msg) from error
    finally:
        password_file.unlink(missing_ok=True)
    partial.rename(server.data)


def _sync_arguments(server: Postgres) -> tuple[str, ...]:
    if server.options.get("fsync") == "off":
        return ("--no-sync",)
    # one call for the file system: a sync of each of 1,000 files takes seconds
    return ("--sync-method=syncfs",) if sys.platform == "linux" else ()


def _clear_earlier_run(data: Path) -> None:
    pid_file = data / "postmaster.pid"
    with contextlib.suppress(FileNotFoundError, ValueError, IndexError):
        process_id = int(pid_file.read_text().splitlines()[0])
        # postgres may have renamed itself in the list of processes, but its arguments stay
        stop_leftover(process_id, str(data), signal.SIGINT)
        # or the number now belongs to a stranger, whom the server would take for itself
        pid_file.unlink(missing_ok=True)


def is_postgres_ready(url: str) -> bool:
    """Say whether the server answers a query."""
    with (
        contextlib.suppress(psycopg.OperationalError),
        psycopg.connect(url, connect_timeout=5) as connection,
    ):
        connection.execute("SELECT 1")
        return True
    return False


def ensure_database(superuser_url: str, name: str) -> None:
    """Create the database if it is not there; `superuser_url` names another one."""
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
        if found.fetchone() is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
