"""PostgreSQL and Redis: our own, unless a URL names another."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from cli.embedded.account import find_server_account
from cli.embedded.binaries import Binaries, find_binaries, find_site
from cli.embedded.folder import open_servers_folder
from cli.embedded.postgres import (
    DATABASE,
    Postgres,
    is_postgres_ready,
    prepare_postgres,
)
from cli.embedded.process import find_free_port
from cli.embedded.redis import RedisServer, is_redis_ready, prepare_redis
from cli.up.kept_secrets import KeptSecrets
from cli.up.part import Part
from shared.config import Settings

LOGIN = "atelier"
START_TIMEOUT_S = 60
POSTGRES_GRACE_S = 30
REDIS_GRACE_S = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """The embedded servers of this run; None where another one is used."""

    folder: Path
    binaries: Binaries
    postgres: Postgres | None
    redis: RedisServer | None


def plan_servers(home: Path, given: Settings, kept: KeptSecrets) -> Servers:
    """Choose which servers we run, where they keep their data, and their ports."""
    account = find_server_account()
    folder = open_servers_folder(home, account)
    postgres = redis = None
    if "database_url" not in given.model_fields_set:
        postgres = Postgres(
            folder=folder / "postgres",
            port=find_free_port(),
            password=kept.postgres_password,
            account=account,
        )
    if "redis_url" not in given.model_fields_set:
        redis = RedisServer(
            folder=folder / "redis",
            port=find_free_port(),
            password=kept.redis_password,
            account=account,
        )
    binaries = find_binaries(find_site(), folder, account)
    return Servers(folder=folder, binaries=binaries, postgres=postgres, redis=redis)


def server_urls(servers: Servers, given: Settings, kept: KeptSecrets) -> dict[str, SecretStr]:
    """Return the settings that name the embedded servers."""
    urls = {}
    if servers.postgres is not None:
        login = servers.postgres.url(user=LOGIN, password=kept.login_password)
        urls["database_url"] = SecretStr(login)
        urls["migrations_database_url"] = SecretStr(servers.postgres.url())
    if servers.redis is not None:
        urls["redis_url"] = SecretStr(servers.redis.url(0))
        if "cache_url" not in given.model_fields_set:
            urls["cache_url"] = SecretStr(servers.redis.url(1))
    return urls


def server_parts(servers: Servers, logs: Path, environment: Mapping[str, str]) -> list[Part]:
    """Return the parts to start, in order."""
    parts = []
    if servers.postgres is not None:
        parts.append(_postgres_part(servers.postgres, servers.binaries, logs, environment))
    if servers.redis is not None:
        parts.append(_redis_part(servers.redis, servers.binaries, logs, environment))
    return parts


def _postgres_part(
    server: Postgres, binaries: Binaries, logs: Path, environment: Mapping[str, str]
) -> Part:
    return Part(
        name="postgres",
        prepare=lambda: prepare_postgres(server, binaries, environment),
        is_ready=lambda: is_postgres_ready(server.url(database="postgres")),
        describe=lambda: f"ready on port {server.port}, database {DATABASE} in {server.data}",
        log=logs / "postgres.log",
        start_timeout_s=START_TIMEOUT_S,
        grace_s=POSTGRES_GRACE_S,
    )


def _redis_part(
    server: RedisServer, binaries: Binaries, logs: Path, environment: Mapping[str, str]
) -> Part:
    return Part(
        name="redis",
        prepare=lambda: prepare_redis(server, binaries, environment),
        is_ready=lambda: is_redis_ready(server.url()),
        describe=lambda: f"ready on port {server.port}, data in {server.folder}",
        log=logs / "redis.log",
        start_timeout_s=START_TIMEOUT_S,
        grace_s=REDIS_GRACE_S,
    )
