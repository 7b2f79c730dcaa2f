"""`atelier jobs`: what the service has done and is doing."""

import json

from cli.client import Server, ask

PROMPT_WIDTH = 60


def list_jobs(server: Server, status: str | None, limit: int, *, as_json: bool) -> None:
    """Print jobs, newest first."""
    query = f"&status={status}" if status else ""
    with server.open() as client:
        page = ask(client, "GET", f"/v1/jobs?limit={limit}{query}")
    if as_json:
        print(json.dumps(page))
        return
    for job in page["data"]:
        prompt = " ".join(job["request"]["prompt"].split())[:PROMPT_WIDTH]
        print(f"{job['id']}  {job['status']:<9}  {job['created_at'][:19]}  {prompt}")


def show_job(server: Server, job_id: str) -> None:
    """Print one job."""
    with server.open() as client:
        print(json.dumps(ask(client, "GET", f"/v1/jobs/{job_id}"), indent=2))


def cancel_job(server: Server, job_id: str) -> None:
    """Cancel one job; a running one stops at its next step."""
    with server.open() as client:
        job = ask(client, "POST", f"/v1/jobs/{job_id}/cancel")
    is_over = job["status"] == "canceled"
    print(f"{job['id']} {'is canceled' if is_over else 'stops at its next step'}")
