"""`atelier generate`: a prompt becomes files, with a progress bar on the way."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from cli.client import Server, ask
from cli.errors import CommandError
from cli.fetch_image import fetch_image
from cli.follow_job import follow_job
from cli.make_request import TaskOptions, make_request
from cli.upload_picture import upload_picture

FORMATS = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".webp": "webp", ".gif": "gif"}

COMMON = {
    "model": "model",
    "negative": "negative_prompt",
    "seed": "seed",
    "steps": "num_inference_steps",
    "guidance": "guidance_scale",
    "num_images": "num_images",
    "width": "width",
    "height": "height",
    "scheduler": "scheduler",
    "sigmas": "sigmas",
    "priority": "priority",
}
SIDES = ("left", "right", "top", "bottom")
PLAIN = (
    *("task", "image", "mask", "strength", "scale", "vary", "vary_by", "frames", "fps"),
    "second_pass",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the command line asks for.

    Attributes:
        common: What every task takes, as the API names it.
        output: File of the picture; of several, all but the number.
    """

    prompt: str | None
    common: Mapping[str, Any]
    options: TaskOptions
    output: Path
    is_contact_sheet: bool


def read_options(given: Mapping[str, Any]) -> Wanted:
    """Sort the options of the command, each under its name."""
    ends = {name: given[f"to_{name}"] for name in ("prompt", "seed", "image")}
    options = TaskOptions(
        margins={side: given[side] for side in SIDES},
        end={name: value for name, value in ends.items() if value is not None},
        **{name: given[name] for name in PLAIN},
    )
    return Wanted(
        prompt=given["prompt"],
        common={field: given[name] for name, field in COMMON.items()},
        options=options,
        output=given["output"],
        is_contact_sheet=given["contact_sheet"],
    )


def run_generate(server: Server, wanted: Wanted, *, as_json: bool) -> None:
    """Make the pictures, write them, and say where they are."""
    written: dict[str, object] = {"format": _choose_format(wanted.output)}
    if wanted.is_contact_sheet:
        written["contact_sheet"] = True
    with server.open() as client:
        upload = partial(upload_picture, client)
        body = make_request(wanted.prompt, wanted.common, wanted.options, upload)
        job = follow_job(client, ask(client, "POST", "/v1/jobs", body | {"output": written}))
        files = [_fetch(client, image, wanted.output, job) for image in job["images"]]
    _report(job, files, as_json=as_json)


def _choose_format(output: Path) -> str:
    try:
        return FORMATS[output.suffix.lower()]
    except KeyError:
        msg = f"{output}: the file's name ends in one of {', '.join(FORMATS)}"
        raise CommandError(msg) from None


def _fetch(
    client: httpx.Client, image: Mapping[str, Any], output: Path, job: Mapping[str, Any]
) -> Path:
    """Write one picture beside the others.

    Raises:
        CommandError: it does not come, or cannot be written.
    """
    path = _name_file(image, output, job)
    data = fetch_image(client, image)
    try:
        path.write_bytes(data)
    except OSError as error:
        msg = f"cannot write {path}: {error.strerror}"
        raise CommandError(msg) from None
    return path


def _name_file(image: Mapping[str, Any], output: Path, job: Mapping[str, Any]) -> Path:
    """Return the file's name: numbered where there are several, and the contact sheet by name."""
    if image["kind"] == "contact-sheet":
        suffix = output.suffix if FORMATS[output.suffix.lower()] == image["format"] else ".png"
        return output.with_name(f"{output.stem}-contact-sheet{suffix}")
    if sum(one["kind"] != "contact-sheet" for one in job["images"]) > 1:
        return output.with_name(f"{output.stem}-{image['index']}{output.suffix}")
    return output


def _report(job: dict[str, Any], files: list[Path], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(job | {"files": [str(path) for path in files]}))
        return
    for warning in job.get("warnings") or ():
        print(f"atelier: {warning}", file=sys.stderr)
    for path, image in zip(files, job["images"], strict=True):
        print(f"{path}  {image['width']} x {image['height']}  seed {image['seed']}")
