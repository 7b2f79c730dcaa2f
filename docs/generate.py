"""Write the pages that are made from the code: `make docs`. A test fails when one is stale.

Each page is one function from the tables it shows to its text, so a test can hand it others.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Literal, get_args, get_origin

import typer.main
from pydantic import SecretStr
from pydantic.fields import FieldInfo
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from api.app import assemble
from api.errors import list_problems
from api.parts import make_parts
from api.problems import ProblemType
from cli.main import app as command_line
from docs.job_errors import JOB_ERRORS
from docs.schedulers_page import schedulers_page
from shared.config import Settings, variable_of
from shared.jobs.status import END_STATUSES, MOVES, JobStatus
from worker.engine.scheduler_names import SCHEDULERS

ROOT = Path(__file__).parents[1]
NOTE = "<!-- Made by `make docs`; change the code it is made from. -->\n"


def settings_page(fields: Mapping[str, FieldInfo]) -> str:
    """Describe every setting under the variable that sets it."""
    intro = (
        "Every process reads these once, from its environment, when it starts "
        "(`shared/config.py`). Durations are in seconds, sizes in bytes. `atelier up` sets those "
        "of the servers it starts itself."
    )
    parts = [f"{NOTE}\n# Settings\n\n{intro}\n"]
    for name, field in fields.items():
        facts = f"{_kind(field)}. {_default(field)}"
        parts.append(f"## `{variable_of(name)}`\n\n{field.description}\n\n{facts}\n")
    return "\n".join(parts)


_KINDS = (
    ("SecretStr", "Secret text"),
    ("Path", "Path"),
    ("float", "Number"),
    ("int", "Whole number"),
    ("tuple", "Words between commas"),
)


def _kind(field: FieldInfo) -> str:
    annotation = field.annotation
    for literal in (annotation, *get_args(annotation)):
        if get_origin(literal) is Literal:
            return "One of " + ", ".join(f"`{word}`" for word in get_args(literal))
    return next((kind for part, kind in _KINDS if part in str(annotation)), "Text")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "Required."
    value = field.default
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if isinstance(value, Path) and value.is_relative_to(ROOT):
        value = value.relative_to(ROOT)
    return "No default." if value in (None, ()) else f"Default: `{value}`."


def errors_page(problems: Mapping[str, ProblemType], job_errors: Mapping[str, str]) -> str:
    """Describe every problem of the API and every reason for which a job fails."""
    intro = (
        "A refused request is answered with problem details (RFC 9457): `type` ends with one of "
        "the words below, and the running service serves a page about it at that address. A job "
        "that fails says why in its `error.code`; those words are listed at the end."
    )
    parts = [f"{NOTE}\n# Errors\n\n{intro}\n\n# Problems\n"]
    for slug, problem in sorted(problems.items()):
        explanation = " ".join(problem.explanation.split())
        parts.append(f"## `{slug}`\n\n{problem.http_status}. {problem.title}. {explanation}\n")
    parts.append("# Why a job failed\n")
    parts.extend(f"## `{code}`\n\n{meaning}\n" for code, meaning in job_errors.items())
    return "\n".join(parts)


def job_status_page(moves: Mapping[JobStatus, frozenset[JobStatus]]) -> str:
    """Draw the moves between the statuses of a job."""
    lines = ["stateDiagram-v2", "    [*] --> queued"]
    for old in JobStatus:
        lines += [f"    {old} --> {new}" for new in JobStatus if new in moves[old]]
        lines += [f"    {old} --> [*]"] if not moves[old] else []
    diagram = "\n".join(lines)
    ends = ", ".join(f"`{status}`" for status in JobStatus if status in END_STATUSES)
    return (
        f"{NOTE}\n# The status of a job\n\nA job begins `queued`. The end statuses, {ends}, never "
        "change. `running` goes back to `queued` when the worker that held the job was lost or "
        f"handed it back as it stopped.\n\n```mermaid\n{diagram}\n```\n"
    )


def commands_page(root: TyperGroup) -> str:
    """Describe every command of the command line."""
    parts = [f"{NOTE}\n# Commands\n"]
    for path, command in _walk(root, "atelier"):
        parts.append(f"## `{path}`\n\n{(command.help or '').strip()}\n")
        options = [line for parameter in command.params if (line := _option(parameter))]
        parts += ["\n".join(options) + "\n"] if options else []
    return "\n".join(parts)


def _walk(group: TyperGroup, path: str) -> Iterator[tuple[str, TyperCommand]]:
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from _walk(command, f"{path} {name}")
        elif isinstance(command, TyperCommand):
            yield f"{path} {name}", command


def _option(parameter: object) -> str:
    if isinstance(parameter, TyperArgument):
        return f"- `{(parameter.name or '').upper()}`: {parameter.help or 'see above.'}"
    if isinstance(parameter, TyperOption) and not parameter.hidden:
        return f"- {', '.join(f'`{name}`' for name in parameter.opts)}: {parameter.help}"
    return ""


def _command_line() -> TyperGroup:
    root = typer.main.get_command(command_line)
    assert isinstance(root, TyperGroup)  # noqa: S101 - it has subcommands
    return root


def openapi_page() -> str:
    """Return the description of the HTTP API that the service serves at /openapi.json."""
    parts = make_parts(Settings(secret_key=SecretStr("only for the description, never served")))
    return json.dumps(assemble(parts).openapi(), indent=1, sort_keys=True) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "docs/settings.md": lambda: settings_page(Settings.model_fields),
    "docs/errors.md": lambda: errors_page(list_problems(), JOB_ERRORS),
    "docs/job-status.md": lambda: job_status_page(MOVES),
    "docs/schedulers.md": lambda: NOTE + "\n" + schedulers_page(SCHEDULERS),
    "docs/commands.md": lambda: commands_page(_command_line()),
    "docs/openapi.json": openapi_page,
}


def main() -> None:
    """Write every generated page."""
    for path, make_page in PAGES.items():
        (ROOT / path).write_text(make_page(), encoding="utf-8")
        print(f"wrote    {path}")


if __name__ == "__main__":
    main()
