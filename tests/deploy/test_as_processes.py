"""The deployment without containers: its own commands, environment and packages, as processes.

No container engine is needed, so the files are tested wherever the rest is. What stands in: the
servers of the wheels for those of the images (Redis with the very arguments of the file), addresses
on loopback for the names of the network, and an import hook for what an image does not hold.
"""

import contextlib
import importlib.metadata
import json
import re
import secrets
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
from psycopg import sql

from cli.embedded.account import find_server_account, make_folder_for
from cli.embedded.binaries import find_binaries, find_site
from cli.embedded.process import Command, find_free_port, is_port_open, start_process, stop_process
from deploy.new_env import fill
from deploy.select_packages import read_lock, read_roots, select
from tests.deploy.compose import fill_in, parse_environment_file, read_compose
from tests.servers import run_postgres, run_s3, server_folder
from tests.style.sources import ROOT

START_TIMEOUT_S = 60
STOP_GRACE_S = 30
HIDE = """\
import sys
HELD = {held!r}
ABSENT = {absent!r}
class Hide:
    def __init__(self, finder):
        self._finder = finder
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in ABSENT:
            return self._finder.find_spec(name, path, target)
    def find_distributions(self, *context):
        find = getattr(self._finder, "find_distributions", lambda *_: ())
        return (one for one in find(*context) if normal(one.name) in HELD)
def normal(name):
    return name.lower().replace("_", "-").replace(".", "-")
sys.meta_path[:] = map(Hide, sys.meta_path)
"""


@dataclass(slots=True, kw_only=True)
class Deployment:
    """The services of docker-compose.yml, filled in."""

    services: dict[str, dict[str, object]]
    addresses: dict[str, str]
    port: int
    folder: Path
    client: httpx.Client
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def environment(self, name: str) -> dict[str, str]:
        given = self.services[name]["environment"]
        assert isinstance(given, dict)
        values = {key: self._on_loopback(str(value)) for key, value in given.items()}
        if "PORT" in values:
            values |= {"PORT": str(self.port), "ATELIER_HOST": "127.0.0.1"}
        image = str(self.services[name]["image"]).split(":")[0]
        return values | {"PYTHONPATH": str(self.folder / image), "HOME": "/tmp"}

    def command(self, name: str, *arguments: str) -> Command:
        given = arguments or self.services[name]["command"]
        assert isinstance(given, tuple | list)
        return Command(
            arguments=(str(Path(sys.executable).parent / "atelier"), *given),
            environment=self.environment(name),
            folder=self.folder / "work",
        )

    def start(self, name: str) -> None:
        self.processes[name] = start_process(self.command(name), self.folder / f"{name}.log")

    def run(self, name: str, *arguments: str) -> str:
        command = self.command(name, *arguments)
        done = subprocess.run(
            command.arguments,
            env=dict(command.environment),
            cwd=command.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def _on_loopback(self, text: str) -> str:
        for name, address in self.addresses.items():
            text = text.replace(name, address)
        return text


def prepare_image(folder: Path, image: str, *extras: str) -> None:
    """Write an import hook that hides what is installed here and not in the image."""
    blocks = read_lock((ROOT / "requirements.lock").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    held = select(blocks, read_roots(project, extras)) | {"setuptools", "atelier"}
    modules: Mapping[str, list[str]] = importlib.metadata.packages_distributions()
    absent = {
        module
        for module, names in modules.items()
        if not {re.sub(r"[-_.]+", "-", name).lower() for name in names} & held
    }
    place = folder / image
    place.mkdir(parents=True)
    (place / "sitecustomize.py").write_text(HIDE.format(held=held, absent=absent))


@contextlib.contextmanager
def run_redis(folder: Path, name: str, arguments: list[str]) -> Iterator[int]:
    """Yield the port of a Redis that was started with the arguments of the file."""
    account, port = find_server_account(), find_free_port()
    make_folder_for(account, folder / name)
    binary = find_binaries(find_site(), folder, account).redis
    here = ("--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder / name))
    command = Command(
        arguments=(str(binary), *arguments[1:], *here), environment={}, account=account
    )
    process = start_process(command, folder / f"{name}.log")
    try:
        wait_for(lambda: is_port_open(port), folder)
        yield port
    finally:
        stop_process(process, signal.SIGTERM, STOP_GRACE_S)


def wait_for(probe: object, folder: Path) -> None:
    assert callable(probe)
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx.TransportError):
            if probe():
                return
        time.sleep(0.1)
    logs = {path.name: path.read_text()[-3000:] for path in folder.glob("*.log")}
    raise TimeoutError("\n".join(f"== {name}\n{text}" for name, text in logs.items()))


def make_owner(superuser_url: str, name: str, password: str) -> None:
    """Do what the PostgreSQL image does with POSTGRES_USER, _PASSWORD and _DB."""
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        owner = sql.Identifier(name)
        role = sql.SQL("CREATE ROLE {} SUPERUSER LOGIN PASSWORD {}")
        connection.execute(role.format(owner, sql.Literal(password)))
        connection.execute(sql.SQL("CREATE DATABASE atelier OWNER {}").format(owner))


@pytest.fixture(scope="module")
def deployment() -> Iterator[Deployment]:
    example = (ROOT / "deploy" / "env.example").read_text()
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(server_folder())
        s3 = stack.enter_context(run_s3(folder))
        variables = parse_environment_file(fill(example)) | {
            "S3_ACCESS_KEY": s3.access_key,
            "S3_SECRET_KEY": s3.secret_key,
        }
        services = fill_in(read_compose(), variables)["services"]
        options = dict(
            word.split("=", 1) for word in services["postgres"]["command"] if "=" in word
        )
        postgres = stack.enter_context(run_postgres(folder, options))
        given = services["postgres"]["environment"]
        make_owner(
            postgres.superuser_url("postgres"), given["POSTGRES_USER"], given["POSTGRES_PASSWORD"]
        )
        s3.client().create_bucket(Bucket=services["s3"]["environment"]["S3_BUCKET"])
        addresses = {
            "postgres:5432": f"127.0.0.1:{postgres.server.port}",
            "s3:8333": urlsplit(s3.endpoint).netloc,
        }
        for name in ("redis", "cache"):
            port = stack.enter_context(run_redis(folder, name, services[name]["command"]))
            addresses[f"{name}:6379"] = f"127.0.0.1:{port}"
        prepare_image(folder, "atelier/api")
        prepare_image(folder, "atelier/worker", "worker")
        (folder / "work").mkdir()
        port = find_free_port()
        client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=90)
        running = Deployment(
            services=services,
            addresses=addresses,
            port=port,
            folder=folder,
            client=stack.enter_context(client),
        )
        try:
            yield running
        finally:
            for process in running.processes.values():
                stop_process(process, signal.SIGTERM, STOP_GRACE_S)


def test_it_starts_in_order_and_makes_a_picture(deployment: Deployment) -> None:
    deployment.run("migrate")
    for name in ("api", "worker", "sweep"):
        deployment.start(name)
    api = deployment.client
    wait_for(lambda: api.get("/readyz").status_code == 200, deployment.folder)

    deployment.run("api", "admin", "tenants", "create", "default")
    key = json.loads(deployment.run("api", "admin", "keys", "create", "--json"))["secret"]
    body = {"task": "text-to-image", "model": "mini", "prompt": "a red circle", "seed": 1}
    answer = api.post(
        "/v1/jobs",
        json=body,
        headers={
            "Authorization": f"Bearer {key}",
            "Prefer": "wait=60",
            "Idempotency-Key": secrets.token_hex(8),
        },
    )
    logs = {p.name: p.read_text()[-2000:] for p in deployment.folder.glob("*.log")}
    assert answer.status_code == 201, (answer.text, logs)
    job = answer.json()
    assert job["status"] == "succeeded", (job, logs)

    link = urlsplit(job["images"][0]["url"])
    assert link.netloc == "localhost"  # the proxy's name, not the store's
    picture = api.get(f"{link.path}?{link.query}")
    assert picture.status_code == 200
    assert picture.content.startswith(b"\x89PNG")

    for name, process in deployment.processes.items():
        assert process.poll() is None, f"{name} ended: {logs[f'{name}.log']}"
    assert not list((deployment.folder / "work").iterdir()), "something is written where it lies"


def test_redis_obeys_nobody_but_the_service(deployment: Deployment) -> None:
    import redis

    url = deployment.environment("api")["REDIS_URL"]
    with redis.Redis.from_url(url) as client:
        assert client.ping()
        for forbidden in ("FLUSHALL", "FLUSHDB", "KEYS *", "CONFIG GET *", "DEBUG SLEEP 0"):
            with pytest.raises(redis.exceptions.NoPermissionError):
                client.execute_command(*forbidden.split())
    parts = urlsplit(url)
    with (
        redis.Redis(host=str(parts.hostname), port=int(parts.port or 0)) as stranger,
        pytest.raises(redis.exceptions.AuthenticationError),
    ):
        stranger.ping()
