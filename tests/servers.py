"""Real servers for tests: each a process of its own, on loopback, ended by its process id."""

import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
import psycopg
from botocore.config import Config
from psycopg import sql

from cli.embedded.account import find_server_account
from cli.embedded.binaries import find_binaries, find_site
from cli.embedded.postgres import (
    Postgres,
    ensure_database,
    is_postgres_ready,
    prepare_postgres,
)
from cli.embedded.process import (
    Command,
    find_free_port,
    is_port_open,
    start_process,
    stop_process,
    wait_until,
)
from cli.embedded.redis import RedisServer, is_redis_ready, prepare_redis
from shared.config import Settings, process_environment

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

LOGIN = "atelier"
# Nothing here outlives the machine, so it need not reach the disk; it does outlive a kill.
FAST = {"fsync": "off", "full_page_writes": "off"}
START_TIMEOUT_S = 30
STOP_GRACE_S = 20
SECRET_KEY = "a secret key for tests, longer than 32 characters"


@contextmanager
def server_folder() -> Iterator[Path]:
    """Yield a folder that the servers' account can reach (pytest's own folders are private)."""
    with tempfile.TemporaryDirectory(prefix="atelier-test-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        yield folder


@dataclass(slots=True, kw_only=True)
class RunningPostgres:
    """A PostgreSQL server that tests may stop, kill and start again."""

    server: Postgres
    folder: Path
    login_password: str
    process: subprocess.Popen[bytes]

    def start(self) -> None:
        """Start the server again, after it was killed or stopped."""
        self.process = _start_postgres(self.server, self.folder)

    def database_url(self, database: str) -> str:
        """Return the address by which the service logs in."""
        return self.server.url(user=LOGIN, password=self.login_password, database=database)

    def superuser_url(self, database: str) -> str:
        """Return the address by which migrations log in."""
        return self.server.url(database=database)

    def create_database(self, template: str | None = None) -> str:
        """Create an empty database, or a copy of `template`; return its name."""
        name = f"test_{secrets.token_hex(6)}"
        if template is None:
            ensure_database(self.superuser_url("postgres"), name)
            return name
        with psycopg.connect(self.superuser_url("postgres"), autocommit=True) as connection:
            statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
            connection.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
        return name

    def drop_database(self, name: str) -> None:
        """Drop the database, and whatever is still connected to it."""
        with psycopg.connect(self.superuser_url("postgres"), autocommit=True) as connection:
            statement = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
            connection.execute(statement.format(sql.Identifier(name)))


@contextmanager
def run_postgres(
    folder: Path, options: Mapping[str, str] | None = None
) -> Iterator[RunningPostgres]:
    """Yield a new server with no database of ours; migrations make the login."""
    server = Postgres(
        folder=folder / "postgres",
        port=find_free_port(),
        password=secrets.token_urlsafe(16),
        account=find_server_account(),
        options=FAST | dict(options or {}),
    )
    running = RunningPostgres(
        server=server,
        folder=folder,
        login_password=secrets.token_urlsafe(16),
        process=_start_postgres(server, folder),
    )
    try:
        yield running
    finally:
        command = _postgres_command(server, folder)
        stop_process(running.process, command.stop_signal, STOP_GRACE_S)


def _postgres_command(server: Postgres, folder: Path) -> Command:
    return prepare_postgres(
        server, find_binaries(find_site(), folder, server.account), {"LC_ALL": "C"}
    )


def _start_postgres(server: Postgres, folder: Path) -> subprocess.Popen[bytes]:
    url = server.url(database="postgres")
    command = _postgres_command(server, folder)
    return _start(command, folder / "postgres.log", lambda: is_postgres_ready(url))


@dataclass(slots=True, kw_only=True)
class RunningRedis:
    """A Redis server that tests may stop, kill and start again."""

    server: RedisServer
    folder: Path
    process: subprocess.Popen[bytes]

    def start(self) -> None:
        """Start the server again, after it was killed or stopped."""
        self.process = _start_redis(self.server, self.folder)

    def url(self, database: int = 0) -> str:
        """Return the address of one database."""
        return self.server.url(database)


@contextmanager
def run_redis(folder: Path) -> Iterator[RunningRedis]:
    """Yield a new, empty server."""
    server = RedisServer(
        folder=folder / "redis",
        port=find_free_port(),
        password=secrets.token_urlsafe(16),
        account=find_server_account(),
    )
    running = RunningRedis(server=server, folder=folder, process=_start_redis(server, folder))
    try:
        yield running
    finally:
        stop_process(running.process, signal.SIGTERM, STOP_GRACE_S)


def _start_redis(server: RedisServer, folder: Path) -> subprocess.Popen[bytes]:
    command = prepare_redis(server, find_binaries(find_site(), folder, server.account), {})
    return _start(command, folder / "redis.log", lambda: is_redis_ready(server.url()))


def _start(command: Command, log: Path, probe: Callable[[], bool]) -> subprocess.Popen[bytes]:
    process = start_process(command, log)
    try:
        wait_until(probe, process, START_TIMEOUT_S)
    except (ChildProcessError, TimeoutError):
        stop_process(process, command.stop_signal, STOP_GRACE_S)
        print(log.read_text())
        raise
    return process


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningS3:
    """An S3 server that keeps buckets as folders."""

    endpoint: str
    access_key: str
    secret_key: str
    folder: Path

    def client(self) -> "S3Client":
        """Return a client that may do everything."""
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            region_name="us-east-1",
            config=Config(
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
                s3={"addressing_style": "path"},
            ),
        )

    def create_bucket(self) -> str:
        """Create an empty bucket; return its name."""
        name = f"test-{secrets.token_hex(6)}"
        self.client().create_bucket(Bucket=name)
        return name

    def store_url(self, bucket: str) -> str:
        """Return the STORE_URL of a bucket."""
        endpoint = f"endpoint={self.endpoint}&region=us-east-1"
        return f"s3://{self.access_key}:{self.secret_key}@{bucket}?{endpoint}"


@contextmanager
def run_s3(folder: Path) -> Iterator[RunningS3]:
    """Yield a new server with no bucket.

    Raises:
        FileNotFoundError: the program rclone is not installed.
    """
    program = shutil.which("rclone", path=str(Path(sys.executable).parent))
    if program is None:
        raise FileNotFoundError("rclone is not installed beside Python")
    buckets = folder / "buckets"
    buckets.mkdir()
    port = find_free_port()
    access_key, secret_key = secrets.token_hex(10), secrets.token_hex(20)
    command = Command(
        arguments=(
            *(program, "serve", "s3", str(buckets), f"--addr=127.0.0.1:{port}"),
            *(f"--auth-key={access_key},{secret_key}", f"--config={folder / 'rclone.conf'}"),
        ),
        environment={"HOME": str(folder)},
    )
    process = _start(command, folder / "rclone.log", lambda: is_port_open(port))
    try:
        yield RunningS3(
            endpoint=f"http://127.0.0.1:{port}",
            access_key=access_key,
            secret_key=secret_key,
            folder=buckets,
        )
    finally:
        stop_process(process, command.stop_signal, STOP_GRACE_S)


def make_settings(**values: object) -> Settings:
    """Return settings with every timer ten times shorter than in the field."""
    timers = {
        "lease_s": 3,
        "heartbeat_interval_s": 0.5,
        "claim_interval_s": 0.05,
        "sweep_interval_s": 0.5,
        "unclaimed_after_s": 0.5,
        "drain_grace_s": 12,
        "stall_s": 6,
        "load_stall_s": 60,
        "wait_poll_interval_s": 0.1,
        "progress_interval_s": 0,
    }
    # measuring how wide passes pay would take as long as all that most tests make
    fixed = {"secret_key": SECRET_KEY, "max_rows": 16}
    return Settings.model_validate(fixed | timers | values)


def child_environment(settings: Settings) -> dict[str, str]:
    """Return the environment for a process of ours that a test starts."""
    return process_environment(settings)
