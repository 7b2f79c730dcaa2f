"""Pictures: signed links, redirects, and the API as a go-between."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from shared.config import Settings
from shared.events.stream import make_job_stream
from shared.ids import ImageId
from shared.images.links import sign_link
from shared.images.make_store import make_store
from tests.integration.api.conftest import (
    BODY,
    RECEIPT,
    Hand,
    Keys,
    assert_problem,
    bearer,
    serve,
)


def finished(api: httpx.Client, hand: Hand) -> tuple[str, list[bytes]]:
    job_id: str = api.post("/v1/jobs", json=BODY | {"num_images": 2}).json()["id"]
    return job_id, hand.run_one()


def path_of(url: str) -> str:
    return httpx.URL(url).raw_path.decode()


def test_a_signed_link_needs_no_key(api: httpx.Client, hand: Hand) -> None:
    job_id, files = finished(api, hand)
    for image, data in zip(api.get(f"/v1/jobs/{job_id}").json()["images"], files, strict=True):
        link = api.base_url.join(path_of(image["url"]))
        answer = httpx.get(link)
        assert answer.status_code == 200
        assert answer.content == data
        assert hashlib.sha256(data).hexdigest() == image["sha256"]
        assert answer.headers["content-type"] == "image/png"
        assert answer.headers["cache-control"].startswith("private")
        again = httpx.get(link, headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


def test_a_forged_link_is_refused(api: httpx.Client, hand: Hand, settings: Settings) -> None:
    job_id, _ = finished(api, hand)
    images = api.get(f"/v1/jobs/{job_id}").json()["images"]
    first, second = (path_of(image["url"]) for image in images)
    query = first.partition("?")[2]
    forged = [
        f"/v1/images/{images[1]['id']}?{query}",
        first[:-1] + ("0" if first[-1] != "0" else "1"),
        first.replace("expires=", "expires=9"),
        first.partition("&")[0],
        first.partition("?")[0],
        first.replace("signature=", "signature=caf%C3%A9"),
        first.replace("expires=", "expires=%00"),
    ]
    for link in forged:
        assert_problem(api.get(link), 403, "link-invalid")
    assert_problem(api.get(f"{first}&x=1"), 422, "validation")

    secret = settings.secret_key.get_secret_value()
    image_id = ImageId(images[0]["id"])
    old = f"/v1/images/{image_id}?expires=1000&signature={sign_link(secret, image_id, 1000)}"
    assert_problem(api.get(old), 410, "link-expired")
    gone = ImageId(f"img_{'0' * 32}")
    unknown = (
        f"/v1/images/{gone}?expires=9999999999&signature={sign_link(secret, gone, 9999999999)}"
    )
    assert_problem(api.get(unknown), 404, "not-found")
    assert second != first


def test_by_job_and_index(api: httpx.Client, hand: Hand) -> None:
    job_id, files = finished(api, hand)
    redirect = api.get(f"/v1/jobs/{job_id}/images/1")
    assert (redirect.status_code, redirect.content) == (302, b"")
    assert httpx.get(api.base_url.join(path_of(redirect.headers["location"]))).content == files[1]
    proxied = api.get(f"/v1/jobs/{job_id}/images/1", params={"proxy": "true"})
    assert (proxied.status_code, proxied.content) == (200, files[1])
    for index in ("2", "-1", "x", "1e3", "9" * 30, "%00", "²"):
        assert_problem(api.get(f"/v1/jobs/{job_id}/images/{index}"), 404, "not-found")
    assert_problem(api.get(f"/v1/jobs/{job_id}/images/0?proxy=maybe"), 422, "validation")


def test_a_picture_that_is_lost_is_not_found(api: httpx.Client, hand: Hand, tmp_path: Path) -> None:
    job_id, _ = finished(api, hand)
    for path in (tmp_path / "images").rglob("*.png"):
        path.unlink()
    answer = api.get(f"/v1/jobs/{job_id}/images/0", params={"proxy": "true"})
    assert_problem(answer, 404, "not-found")


@pytest.fixture
def s3_hand(s3_settings: Settings, hand: Hand) -> Hand:
    return Hand(hand.sessions, make_store(s3_settings), make_job_stream(s3_settings))


@pytest.fixture
def s3_api(s3_settings: Settings, keys: Keys) -> Iterator[httpx.Client]:
    with (
        serve(s3_settings) as url,
        httpx.Client(base_url=url, headers=bearer(keys.first), timeout=20) as client,
    ):
        yield client


def test_a_bucket_gives_presigned_links(s3_api: httpx.Client, s3_hand: Hand) -> None:
    job_id, files = finished(s3_api, s3_hand)
    image = s3_api.get(f"/v1/jobs/{job_id}").json()["images"][0]
    assert not image["url"].startswith("http://127.0.0.1:8000")
    assert httpx.get(image["url"]).content == files[0]
    location = s3_api.get(f"/v1/jobs/{job_id}/images/0").headers["location"]
    assert httpx.get(location).content == files[0]
    proxied = s3_api.get(f"/v1/jobs/{job_id}/images/0", params={"proxy": "true"})
    assert proxied.content == files[0]


def test_a_bucket_behind_the_api(s3_settings: Settings, keys: Keys, s3_hand: Hand) -> None:
    settings = s3_settings.model_copy(update={"image_links": "api"})
    headers = bearer(keys.first)
    with serve(settings) as url, httpx.Client(base_url=url, headers=headers, timeout=20) as api:
        job_id, files = finished(api, s3_hand)
        image = api.get(f"/v1/jobs/{job_id}").json()["images"][0]
        assert image["url"].startswith("http://127.0.0.1:8000/v1/images/")
        assert httpx.get(api.base_url.join(path_of(image["url"]))).content == files[0]


def test_a_store_that_is_down_is_a_503(settings: Settings, keys: Keys, hand: Hand) -> None:
    nowhere = "s3://key:secret@bucket?endpoint=http://127.0.0.1:9"
    broken = settings.model_copy(update={"store_url": type(settings.store_url)(nowhere)})
    headers = bearer(keys.first)
    with serve(broken) as url, httpx.Client(base_url=url, headers=headers, timeout=20) as api:
        job_id, _ = finished(api, hand)
        answer = api.get(f"/v1/jobs/{job_id}/images/0", params={"proxy": "true"})
        assert_problem(answer, 503, "unavailable")
        ready = api.get("/readyz")
        assert ready.status_code == 503
        assert ready.json()["store"]["status"] == "down"


def test_the_receipt_of_each_picture_is_shown(
    api: httpx.Client, other: httpx.Client, hand: Hand
) -> None:
    job_id, _ = finished(api, hand)
    for index in range(2):
        answer = api.get(f"/v1/jobs/{job_id}/images/{index}/receipt")
        assert (answer.status_code, answer.json()) == (200, RECEIPT | {"index": index})
    assert_problem(api.get(f"/v1/jobs/{job_id}/images/2/receipt"), 404, "not-found")
    assert_problem(other.get(f"/v1/jobs/{job_id}/images/0/receipt"), 404, "not-found")
