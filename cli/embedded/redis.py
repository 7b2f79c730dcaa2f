"""A Redis server of our own: the wheel's binary on loopback TCP, with a password."""

import contextlib
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from cli.embedded.account import Account, make_folder_for, write_file_for
from cli.embedded.binaries import Binaries
from cli.embedded.process import Command, stop_leftover

CONFIG = """\
bind 127.0.0.1
protected-mode yes
port {port}
requirepass {password}
dir {folder}
pidfile {pid_file}
daemonize no
set-proc-title no
databases 4
save ""
appendonly yes
appendfsync everysec
maxmemory 256mb
maxmemory-policy noeviction
tcp-keepalive 60
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisServer:
    """Where one embedded server keeps its data and listens."""

    folder: Path
    port: int
    password: str
    account: Account | None

    def url(self, database: int = 0) -> str:
        """Return the address of one database."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/{database}"


def prepare_redis(
    server: RedisServer, binaries: Binaries, environment: Mapping[str, str]
) -> Command:
    """Write the configuration, stop what a killed run left; return the command."""
    make_folder_for(server.account, server.folder)
    config = server.folder / "redis.conf"
    pid_file = server.folder / "redis.pid"
    with contextlib.suppress(FileNotFoundError, ValueError):
        stop_leftover(int(pid_file.read_text()), str(config), signal.SIGTERM)
        pid_file.unlink(missing_ok=True)
    # a file, since arguments (with the password among them) can be read by everybody
    text = CONFIG.format(
        port=server.port,
        password=server.password,
        folder=_quote(server.folder),
        pid_file=_quote(pid_file),
    )
    write_file_for(server.account, config, text)
    return Command(
        arguments=(str(binaries.redis), str(config)),
        environment=environment,
        account=server.account,
    )


def _quote(path: Path) -> str:
    """Write a path as the configuration file wants it, spaces and all."""
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def is_redis_ready(url: str) -> bool:
    """Say whether the server answers a ping, its log of commands loaded."""
    client = redis.Redis.from_url(url, socket_timeout=1, retry=Retry(NoBackoff(), 0))
    with (
        contextlib.closing(client),
        contextlib.suppress(redis.ConnectionError, redis.TimeoutError),
    ):
        return bool(client.ping())
    return False
