"""`atelier generate`: a prompt becomes files, with a progress bar on the way."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from cli.client import Server, ask, describe_problem, describe_silence
from cli.errors import CommandError
from cli.read_events import read_events

FORMATS = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".webp": "webp"}
INTERRUPTED = 130


def run_generate(
    server: Server, body: Mapping[str, object], output: Path, *, as_json: bool
) -> None:
    """Make the pictures, write them, and say where they are.

    Raises:
        CommandError: the request is refused, the job fails, or a file cannot be written.
        SystemExit: Ctrl-C came; the job was canceled.
    """
    asked = dict(body) | {"output": {"format": _choose_format(output)}}
    with server.open() as client:
        job = ask(client, "POST", "/v1/jobs", asked)
        try:
            job = _follow(client, job)
        except KeyboardInterrupt:
            _cancel(client, job["id"])
            raise SystemExit(INTERRUPTED) from None
        if job["status"] != "succeeded":
            raise CommandError(_describe_end(job))
        files = [_fetch(client, image, output, len(job["images"])) for image in job["images"]]
    _report(job, files, as_json=as_json)


def _choose_format(output: Path) -> str:
    try:
        return FORMATS[output.suffix.lower()]
    except KeyError:
        msg = f"{output}: the file's name ends in one of {', '.join(FORMATS)}"
        raise CommandError(msg) from None


def _follow(client: httpx.Client, job: dict[str, Any]) -> dict[str, Any]:
    """Show progress until the job ends; return the ended job.

    Raises:
        CommandError: the service says no more.
    """
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:.0f}/{task.total:.0f} steps"),
        TimeElapsedColumn(),
    )
    is_quiet = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=is_quiet) as bar:
        shown = bar.add_task(job["status"], total=job["progress"]["steps"] or 1)
        for event in read_events(client, job["id"]):
            if event.kind == "done":
                return event.data
            if event.kind == "status":
                bar.update(shown, description=event.data["status"])
            elif event.kind == "progress":
                step, steps = event.data["step"], event.data["steps"]
                bar.update(shown, description="running", completed=step, total=steps)
    raise CommandError("the event stream ended before the job did")


def _cancel(client: httpx.Client, job_id: str) -> None:
    try:
        ask(client, "POST", f"/v1/jobs/{job_id}/cancel")
    except CommandError as error:
        print(f"atelier: {job_id} could not be canceled: {error}", file=sys.stderr)
    else:
        print(f"atelier: canceled {job_id}", file=sys.stderr)


def _describe_end(job: Mapping[str, Any]) -> str:
    if job["status"] == "failed":
        return f"{job['id']} failed: {job['error']['message']} ({job['error']['code']})"
    return f"{job['id']} was {job['status']}"


def _fetch(client: httpx.Client, image: Mapping[str, Any], output: Path, num_images: int) -> Path:
    path = output
    if num_images > 1:
        path = output.with_name(f"{output.stem}-{image['index']}{output.suffix}")
    try:
        # the link needs no key, and may lead to a store that must not see it
        answer = httpx.get(image["url"], timeout=client.timeout, follow_redirects=True)
    except httpx.TransportError as error:
        raise CommandError(describe_silence(client, error)) from None
    if answer.is_error:
        raise CommandError(describe_problem(answer))
    try:
        path.write_bytes(answer.content)
    except OSError as error:
        msg = f"cannot write {path}: {error.strerror}"
        raise CommandError(msg) from None
    return path


def _report(job: dict[str, Any], files: list[Path], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(job | {"files": [str(path) for path in files]}))
        return
    for warning in job.get("warnings") or ():
        print(f"atelier: {warning}", file=sys.stderr)
    for path, image in zip(files, job["images"], strict=True):
        print(f"{path}  {image['width']} x {image['height']}  seed {image['seed']}")
