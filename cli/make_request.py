"""From the options of `atelier generate` to the body of a request."""

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.errors import AskedWrongly

Upload = Callable[[str, bytes], str]
Fields = dict[str, Any]

# what is larger is uploaded first, since a request has a largest size
MAX_INLINE_BYTES = 500_000
JOB_PICTURE = re.compile(r"(job_[0-9a-f]{32})(?:/(\d{1,4}))?")
ASSET = re.compile(r"ast_[0-9a-f]{32}")
SIZE = re.compile(r"(\d{1,5})x(\d{1,5})")
AUTO = "auto"
WORDLESS = {"variation", "upscale", "interpolate"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOptions:
    """What only some tasks take; what was not given is None."""

    task: str | None
    image: str | None
    mask: str | None
    strength: float | None
    scale: float | None
    margins: Mapping[str, int | None]
    vary: str | None
    vary_by: float | None
    end: Mapping[str, Any]
    frames: int | None
    fps: int | None
    second_pass: str | None


def make_request(
    prompt: str | None, common: Mapping[str, Any], options: TaskOptions, upload: Upload
) -> Fields:
    """Return the body of the request that the options describe.

    Args:
        prompt: What the picture shows.
        common: What every task takes, as the API names it.
        options: The rest.
        upload: Stores a file and returns the id of its asset.

    Raises:
        AskedWrongly: nothing says what to draw, or an option is not understood.
    """
    task = options.task or _guess_task(options)
    if prompt is None and task not in WORDLESS:
        raise AskedWrongly('say what to draw, as in: atelier generate "a red circle"')
    image = read_picture(options.image, upload)
    body = {"task": task, "prompt": prompt, "strength": options.strength, **common}
    body |= {"num_frames": options.frames, "fps": options.fps, "scale": options.scale}
    body |= {"mask": read_picture(options.mask, upload)}
    body |= {"margins": _given(options.margins) or None}
    body |= {"second_pass": _read_second_pass(options.second_pass)}
    body |= {"source": _read_source(options.vary)}
    if options.vary_by is not None:
        body["variation"] = {"strength": options.vary_by}
    if task == "interpolate":
        end = dict(options.end) | {"image": read_picture(options.end.get("image"), upload)}
        body |= {"start": _given({"image": image}), "end": _given(end)}
    else:
        body["image"] = image
    return _given(body)


def read_picture(text: str | None, upload: Upload) -> Fields | None:
    """Return a picture as a request names it.

    Args:
        text: A file, an address, `job_…/INDEX` or `ast_…`.
        upload: As for `make_request`.

    Raises:
        AskedWrongly: it is a file that cannot be read.
    """
    if text is None:
        return None
    if text.startswith(("http://", "https://")):
        return {"url": text}
    if ASSET.fullmatch(text):
        return {"asset": text}
    if JOB_PICTURE.fullmatch(text):
        return _read_source(text)
    path = Path(text)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise AskedWrongly(f"cannot read {path}: {error.strerror}") from None
    if len(data) <= MAX_INLINE_BYTES:
        return {"base64": base64.b64encode(data).decode("ascii")}
    return {"asset": upload(path.name, data)}


def _guess_task(options: TaskOptions) -> str:
    """Return the task that takes the options given."""
    signs = {
        "interpolate": options.end,
        "outpaint": _given(options.margins),
        "inpaint": options.mask,
        "upscale": options.scale,
        "variation": options.vary or options.vary_by,
        "image-to-image": options.image,
    }
    return next((task for task, sign in signs.items() if sign), "text-to-image")


def _read_source(text: str | None) -> Fields | None:
    """Return a picture of a job as a request names it.

    Raises:
        AskedWrongly: the text names none.
    """
    if text is None:
        return None
    match = JOB_PICTURE.fullmatch(text)
    if match is None:
        raise AskedWrongly(f"{text!r} names no picture of a job; write job_…/INDEX")
    return {"job": match[1], "index": int(match[2] or 0)}


def _read_second_pass(text: str | None) -> Fields | None:
    """Return the size of the second pass as a request has it.

    Raises:
        AskedWrongly: the text is no size.
    """
    if text is None or text == AUTO:
        return None if text is None else {}
    match = SIZE.fullmatch(text)
    if match is None:
        raise AskedWrongly(f"{text!r} is no size; write 1024x768, or {AUTO} for twice the first")
    return {"width": int(match[1]), "height": int(match[2])}


def _given(fields: Mapping[str, Any]) -> Fields:
    return {name: value for name, value in fields.items() if value is not None}
