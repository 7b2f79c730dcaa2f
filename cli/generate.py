"""`atelier generate`: a prompt becomes files, with a progress bar on the way."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from cli.client import Server, ask
from cli.errors import CommandError
from cli.fetch_image import fetch_image
from cli.follow_job import follow_job

FORMATS = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".webp": "webp"}


def run_generate(
    server: Server, body: Mapping[str, object], output: Path, *, as_json: bool
) -> None:
    """Make the pictures, write them, and say where they are."""
    asked = dict(body) | {"output": {"format": _choose_format(output)}}
    with server.open() as client:
        job = follow_job(client, ask(client, "POST", "/v1/jobs", asked))
        files = [_fetch(client, image, output, len(job["images"])) for image in job["images"]]
    _report(job, files, as_json=as_json)


def _choose_format(output: Path) -> str:
    try:
        return FORMATS[output.suffix.lower()]
    except KeyError:
        msg = f"{output}: the file's name ends in one of {', '.join(FORMATS)}"
        raise CommandError(msg) from None


def _fetch(client: httpx.Client, image: Mapping[str, Any], output: Path, num_images: int) -> Path:
    path = output
    if num_images > 1:
        path = output.with_name(f"{output.stem}-{image['index']}{output.suffix}")
    data = fetch_image(client, image)
    try:
        path.write_bytes(data)
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
