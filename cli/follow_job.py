"""A progress bar until a job ends; Ctrl-C cancels it."""

import sys
from collections.abc import Mapping
from typing import Any

import httpx
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from cli.client import ask
from cli.errors import CommandError
from cli.read_events import read_events

INTERRUPTED = 130


def follow_job(client: httpx.Client, job: dict[str, Any]) -> dict[str, Any]:
    """Show progress until the job succeeds; return the ended job.

    Raises:
        CommandError: it ends otherwise, or the service says no more.
        SystemExit: Ctrl-C came; the job was canceled.
    """
    try:
        ended = _follow(client, job)
    except KeyboardInterrupt:
        _cancel(client, job["id"])
        raise SystemExit(INTERRUPTED) from None
    if ended["status"] != "succeeded":
        raise CommandError(_describe_end(ended))
    return ended


def _follow(client: httpx.Client, job: dict[str, Any]) -> dict[str, Any]:
    """Show progress until the job ends.

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
