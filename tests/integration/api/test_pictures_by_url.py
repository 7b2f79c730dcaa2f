"""Pictures that a request names by URL: fetched once as it comes in, and kept like one sent."""

import io
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from PIL import Image

from shared.config import Settings
from tests.integration.api.conftest import Keys, assert_problem, bearer, serve


class Shelf(ThreadingHTTPServer):
    """Serves files from memory and counts how often each was asked for."""

    daemon_threads = True

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        super().__init__(("localhost", 0), _Handler)

    def url(self, path: str) -> str:
        return f"http://localhost:{self.server_address[1]}{path}"


class _Handler(BaseHTTPRequestHandler):
    server: Shelf

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        data = self.server.files.get(self.path)
        self.send_response(200 if data is not None else 404)
        self.end_headers()
        self.wfile.write(data or b"")

    def log_message(self, *_args: object) -> None: ...


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    server = Shelf()
    server.files["/picture.png"] = _png((96, 64))
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def client(settings: Settings, keys: Keys) -> Iterator[httpx.Client]:
    """The first tenant of a service that may fetch from localhost."""
    friendly = settings.model_copy(update={"outbound_allowed_hosts": ("localhost",)})
    with (
        serve(friendly) as url,
        httpx.Client(base_url=url, headers=bearer(keys.first), timeout=20) as made,
    ):
        yield made


def body(url: str) -> dict[str, object]:
    return {"task": "image-to-image", "prompt": "a red circle", "image": {"url": url}}


def test_a_picture_is_fetched_once_and_belongs_to_the_job(
    client: httpx.Client, shelf: Shelf
) -> None:
    key = {"Idempotency-Key": "one intent"}
    asked = body(shelf.url("/picture.png"))
    answer = client.post("/v1/jobs", json=asked, headers=key)
    assert answer.status_code == 202, answer.text
    job = answer.json()
    assert (job["request"]["width"], job["request"]["height"]) == (96, 64)
    asset = job["request"]["image"]["asset"]
    assert shelf.asked == ["/picture.png"]

    del shelf.files["/picture.png"]
    again = client.post(f"/v1/jobs/{job['id']}/retry")
    assert again.status_code == 202
    assert again.json()["request"]["image"] == {"asset": asset}
    assert shelf.asked == ["/picture.png"]


@pytest.mark.parametrize("path", ["/absent.png", "/text.png", "/cut.png"])
def test_what_is_no_picture_is_refused_and_nothing_is_kept(
    client: httpx.Client, shelf: Shelf, path: str
) -> None:
    shelf.files["/text.png"] = b"<html>not a picture</html>"
    shelf.files["/cut.png"] = _png((96, 64))[:100]
    slugs = {
        "/absent.png": "picture-unreachable",
        "/text.png": "unsupported-image",
        "/cut.png": "invalid-image",
    }
    answer = client.post("/v1/jobs", json=body(shelf.url(path)))
    problem = assert_problem(answer, answer.status_code, slugs[path])
    assert 400 <= answer.status_code < 500
    assert [one["pointer"] for one in problem["errors"]] == ["/image"]  # type: ignore[attr-defined]
    assert client.get("/v1/jobs").json()["data"] == []


def test_the_service_itself_and_its_neighbours_are_not_reached(
    api: httpx.Client, shelf: Shelf
) -> None:
    """Without a word in OUTBOUND_ALLOWED_HOSTS."""
    for url in (
        shelf.url("/picture.png"),
        shelf.url("/picture.png").replace("http:", "https:"),
        f"https://127.0.0.1:{shelf.server_address[1]}/picture.png",
        f"{api.base_url}healthz",
        "https://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
    ):
        answer = api.post("/v1/jobs", json=body(url))
        assert_problem(answer, 422, "picture-unreachable")
    assert shelf.asked == []


def test_nothing_is_fetched_for_who_has_no_key(client: httpx.Client, shelf: Shelf) -> None:
    answer = client.post(
        "/v1/jobs", json=body(shelf.url("/picture.png")), headers=bearer("atl_live_wrong")
    )
    assert_problem(answer, 401, "unauthorized")
    assert shelf.asked == []


def test_a_url_that_is_too_long(client: httpx.Client) -> None:
    answer = client.post("/v1/jobs", json=body("https://example.com/" + "a" * 3_000))
    assert_problem(answer, 422, "validation")


def _png(size: tuple[int, int]) -> bytes:
    file = io.BytesIO()
    Image.effect_noise(size, 50).convert("RGB").save(file, "PNG")
    return file.getvalue()
