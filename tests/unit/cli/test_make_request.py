"""From options to a request: which task is meant, and where its pictures come from."""

import base64
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cli.errors import AskedWrongly
from cli.make_request import MAX_INLINE_BYTES, TaskOptions, make_request, read_picture

NONE = TaskOptions(
    task=None, image=None, mask=None, strength=None, scale=None, margins={}, vary=None,
    vary_by=None, end={}, frames=None, fps=None, second_pass=None,
)  # fmt: skip
JOB = "job_" + "0" * 32
ASSET = "ast_" + "1" * 32


def refuse(name: str, data: bytes) -> str:
    raise AssertionError(f"{name} is not to be uploaded")


def make(prompt: str | None = "x", **options: Any) -> dict[str, Any]:
    return make_request(prompt, {"seed": 3, "width": None}, replace(NONE, **options), refuse)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, {"task": "text-to-image"}),
        (
            {"second_pass": "256x192"},
            {"task": "text-to-image", "second_pass": {"width": 256, "height": 192}},
        ),
        ({"second_pass": "auto"}, {"task": "text-to-image", "second_pass": {}}),
        (
            {"image": ASSET, "strength": 0.5},
            {"task": "image-to-image", "image": {"asset": ASSET}, "strength": 0.5},
        ),
        (
            {"image": ASSET, "mask": f"{JOB}/2"},
            {"task": "inpaint", "image": {"asset": ASSET}, "mask": {"job": JOB, "index": 2}},
        ),
        (
            {"image": JOB, "margins": {"left": 64, "right": None, "top": 0}},
            {
                "task": "outpaint",
                "image": {"job": JOB, "index": 0},
                "margins": {"left": 64, "top": 0},
            },
        ),
        (
            {"image": ASSET, "scale": 2.0},
            {"task": "upscale", "image": {"asset": ASSET}, "scale": 2.0},
        ),
        (
            {"vary": f"{JOB}/1", "vary_by": 0.2},
            {
                "task": "variation",
                "source": {"job": JOB, "index": 1},
                "variation": {"strength": 0.2},
            },
        ),
        (
            {"end": {"prompt": "y", "seed": 4}, "frames": 9, "fps": 5},
            {
                "task": "interpolate",
                "start": {},
                "end": {"prompt": "y", "seed": 4},
                "num_frames": 9,
                "fps": 5,
            },
        ),
        (
            {"image": ASSET, "end": {"image": "https://example.com/a.png"}},
            {
                "task": "interpolate",
                "start": {"image": {"asset": ASSET}},
                "end": {"image": {"url": "https://example.com/a.png"}},
            },
        ),
        (
            {"image": ASSET, "task": "variation"},
            {"task": "variation", "image": {"asset": ASSET}},
        ),
    ],
)  # fmt: skip
def test_the_options_say_which_task(options: dict[str, Any], expected: dict[str, Any]) -> None:
    assert make(**options) == {"prompt": "x", "seed": 3} | expected


def test_words_are_asked_for_where_nothing_else_says_what_to_draw() -> None:
    with pytest.raises(AskedWrongly, match="what to draw"):
        make(None)
    with pytest.raises(AskedWrongly, match="what to draw"):
        make(None, image=ASSET)
    assert "prompt" not in make(None, image=ASSET, scale=2.0)


def test_a_small_file_goes_along_and_a_large_one_ahead(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"small")
    assert read_picture(str(path), refuse) == {"base64": base64.b64encode(b"small").decode()}
    path.write_bytes(bytes(MAX_INLINE_BYTES + 1))
    sent: list[tuple[str, int]] = []

    def upload(name: str, data: bytes) -> str:
        sent.append((name, len(data)))
        return ASSET

    assert read_picture(str(path), upload) == {"asset": ASSET}
    assert sent == [("a.png", MAX_INLINE_BYTES + 1)]


@pytest.mark.parametrize("options", [{"image": "absent.png"}, {"vary": "x"}, {"second_pass": "2x"}])
def test_what_is_not_understood_is_said(options: dict[str, Any]) -> None:
    with pytest.raises(AskedWrongly, match=next(iter(options.values()))):
        make(**options)
