"""docker-compose.yml as Docker Compose would read it: merged, and its variables filled in."""

import re
from typing import Any

import yaml

from tests.style.sources import ROOT

VARIABLE = re.compile(r"\$\{(\w+)(?:(:?[-?])([^}]*))?\}")
OURS = ("api", "worker", "worker-gpu", "sweep", "migrate")
LONG_RUNNING = ("api", "worker", "worker-gpu", "sweep")


def parse_environment_file(text: str) -> dict[str, str]:
    """Return the variables of a file like deploy/env.example."""
    lines = (line for line in text.splitlines() if line and not line.startswith("#"))
    return dict(line.split("=", 1) for line in lines)


def fill_in(value: Any, variables: dict[str, str]) -> Any:
    """Return a part of the file with each `${VARIABLE}` replaced.

    Raises:
        KeyError: a variable that must be given is not.
    """
    if isinstance(value, dict):
        return {key: fill_in(part, variables) for key, part in value.items()}
    if isinstance(value, list):
        return [fill_in(part, variables) for part in value]
    if not isinstance(value, str):
        return value

    def look_up(match: re.Match[str]) -> str:
        name, operator, word = match.groups()
        given = variables.get(name)
        is_absent = given is None or (given == "" and (operator or "").startswith(":"))
        if not is_absent:
            return given or ""
        if operator in {"-", ":-"}:
            return str(word)
        raise KeyError(name)

    return VARIABLE.sub(look_up, value)


def read_compose() -> dict[str, Any]:
    """Return the file as written, its anchors merged."""
    parsed: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return parsed
