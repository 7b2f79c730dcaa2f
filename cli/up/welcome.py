"""One picture through the whole stack, by HTTP, as any client would."""

import time
from pathlib import Path
from typing import Any

import httpx

from cli.up.stop_signal import StopSignal

PROMPT = "a red circle left of a blue square on a yellow background"
SEED = 42
TIMEOUT_S = 180
REQUEST_TIMEOUT_S = 10


class WelcomeFailed(Exception):
    """No picture came; the message says why. The service may still be of use."""


def make_welcome_picture(url: str, api_key: str, target: Path, stop: StopSignal) -> bool:
    """Make the picture, unless the service has jobs already; say whether it was made.

    Raises:
        WelcomeFailed: it was not made, and should have been.
    """
    headers = {"Authorization": f"Bearer {api_key}"}
    try:
        with httpx.Client(
            base_url=url, headers=headers, timeout=REQUEST_TIMEOUT_S, trust_env=False
        ) as client:
            if _ask(client, "GET", "/v1/jobs?limit=1")["data"]:
                return False
            body = {"task": "text-to-image", "model": "mini", "prompt": PROMPT, "seed": SEED}
            job = _follow(client, _ask(client, "POST", "/v1/jobs", body), stop)
            picture = client.get(job["images"][0]["url"], follow_redirects=True)
            picture.raise_for_status()
            target.write_bytes(picture.content)
    except (httpx.HTTPError, OSError, KeyError, IndexError, ValueError) as error:
        raise WelcomeFailed(str(error)) from error
    return True


def _ask(client: httpx.Client, method: str, path: str, body: object = None) -> dict[str, Any]:
    answer = client.request(method, path, json=body)
    if answer.is_error:
        msg = f"{method} {path} answered {answer.status_code}: {answer.text[:200]}"
        raise WelcomeFailed(msg)
    view: dict[str, Any] = answer.json()
    return view


def _follow(client: httpx.Client, job: dict[str, Any], stop: StopSignal) -> dict[str, Any]:
    deadline_s = time.monotonic() + TIMEOUT_S
    while job["status"] in {"queued", "running"}:
        if time.monotonic() > deadline_s:
            msg = f"the job was still {job['status']} after {TIMEOUT_S} s"
            raise WelcomeFailed(msg)
        stop.wait()
        job = _ask(client, "GET", f"/v1/jobs/{job['id']}")
    if job["status"] != "succeeded":
        error = job["error"] or {}
        msg = f"the job {job['status']}: {error.get('message')}"
        raise WelcomeFailed(msg)
    return job
