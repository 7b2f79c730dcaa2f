"""Pictures for the tests of the API: uploaded, or inside a request; and what lies in the store."""

import base64
from pathlib import Path
from typing import Any

import httpx

from shared.config import Settings
from tests.unit.shared.pictures import plain

URL = "/v1/assets"


def upload(api: httpx.Client, data: bytes | None = None, name: str = "a.png") -> Any:
    answer = api.post(URL, files={"file": (name, plain() if data is None else data)})
    assert answer.status_code == 201, answer.text
    return answer.json()


def inline(data: bytes) -> dict[str, str]:
    return {"base64": base64.b64encode(data).decode()}


def redraw(**fields: object) -> dict[str, object]:
    return {"task": "image-to-image", "prompt": "a blue square"} | fields


def objects(settings: Settings) -> list[str]:
    root = Path(settings.store_url.get_secret_value().removeprefix("file://"))
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())
