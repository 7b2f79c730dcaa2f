"""Input pictures: uploaded, listed, read by link, used, refused, and whose they are."""

import io
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from PIL import Image
from sqlalchemy import delete, select

from shared.assets.table import Asset
from shared.config import Settings
from shared.db import Role, close_sessions, make_sessions, set_tenant, transaction
from shared.ids import TenantId
from shared.images.make_store import make_store
from shared.tenants.keys import Scope
from tests.integration.api.conftest import Hand, Keys, assert_problem, bearer, serve
from tests.integration.api.pictures import URL, inline, objects, redraw, upload
from tests.unit.shared.pictures import FLAT_81_MEGAPIXELS, animation, plain, save


def test_an_upload_is_kept_and_shown(api: httpx.Client, settings: Settings) -> None:
    data = save(Image.new("RGBA", (90, 60), (0, 0, 255, 10)), "WEBP", lossless=True)
    answer = api.post(URL, files={"file": ("a.webp", data, "image/webp")})
    assert answer.status_code == 201
    view = answer.json()
    assert answer.headers["location"] == f"{URL}/{view['id']}"
    assert (view["width"], view["height"], view["has_alpha"]) == (90, 60, True)
    assert view["id"].startswith("ast_")
    assert view["job"] is None
    again = api.get(answer.headers["location"]).json()
    assert {k: v for k, v in again.items() if "url" not in k} == {
        k: v for k, v in view.items() if "url" not in k
    }
    [key] = objects(settings)
    assert key.split("/")[1] == view["id"]


def test_the_link_reads_the_picture_with_no_key(api: httpx.Client, settings: Settings) -> None:
    view = upload(api, plain(32, 16))
    link = httpx.URL(view["url"]).copy_with(host=api.base_url.host, port=api.base_url.port)
    answer = httpx.get(link)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "image/png"
    assert len(answer.content) == view["bytes"]
    with Image.open(io.BytesIO(answer.content)) as picture:
        assert picture.size == (32, 16)
    forged = link.copy_merge_params({"signature": "0" * 64})
    assert_problem(httpx.get(forged), 403, "link-invalid")


def test_uploads_are_listed_page_by_page_newest_first(api: httpx.Client) -> None:
    made = [upload(api)["id"] for _ in range(5)]
    api.post("/v1/jobs", json=redraw(image=inline(plain())))  # what comes inside is not listed
    found, cursor = [], None
    for size in (2, 2, 1):
        page = api.get(URL, params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        assert len(page["data"]) == size
        found += [one["id"] for one in page["data"]]
        cursor = page["next_cursor"]
    assert cursor is None
    assert found == made[::-1]
    assert_problem(api.get(URL, params={"cursor": "x"}), 400, "invalid-cursor")
    assert_problem(api.get(URL, params={"limit": 0}), 422, "validation")


def test_another_tenants_asset_looks_like_none(api: httpx.Client, other: httpx.Client) -> None:
    mine = upload(api)["id"]
    missing = "ast_" + "0" * 32
    for asset in (mine, missing, "ast_zz", "job_" + "0" * 32, "%00"):
        for method in ("GET", "DELETE"):
            answer = other.request(method, f"{URL}/{asset}")
            problem: Any = assert_problem(answer, 404, "not-found")
            assert problem["detail"].startswith("No such asset.")
    assert other.get(URL).json()["data"] == []
    assert api.get(f"{URL}/{mine}").status_code == 200
    bodies = []
    for asset in (mine, missing, "ast_zz", ""):
        answer = other.post("/v1/jobs", json=redraw(image={"asset": asset}))
        bodies.append(assert_problem(answer, 422, "input-not-found"))
    assert all(one == bodies[0] for one in bodies)
    assert bodies[0]["errors"] == [
        {
            "pointer": "/image",
            "message": "no such asset. Check the id, and that this key's tenant owns it",
        }
    ]


def test_the_database_shows_a_tenants_assets_to_that_tenant_alone(
    api: httpx.Client, settings: Settings, keys: Keys
) -> None:
    mine = upload(api)["id"]
    sessions = make_sessions(settings, Role.API)
    for tenant_id, seen in (("ten_" + "0" * 32, []), ("", []), (keys.tenant_id, [mine])):
        with transaction(sessions) as session:
            set_tenant(session, TenantId(tenant_id))
            assert session.scalars(select(Asset.id)).all() == seen
            assert len(session.scalars(delete(Asset).returning(Asset.id)).all()) == len(seen)
    close_sessions(sessions)


REFUSED: dict[str, tuple[bytes, str]] = {
    "text": (b"hello", "unsupported-image"),
    "empty": (b"", "unsupported-image"),
    "gif": (save(Image.new("RGB", (4, 4)), "GIF"), "unsupported-image"),
    "animated": (animation("WEBP"), "unsupported-image"),
    "bomb": (FLAT_81_MEGAPIXELS, "image-too-large"),
    "truncated": (plain(300, 300)[:200], "invalid-image"),
}


@pytest.mark.parametrize(("data", "slug"), REFUSED.values(), ids=REFUSED)
def test_a_bad_picture_is_refused_either_way(
    api_for_all: httpx.Client, data: bytes, slug: str
) -> None:
    answer = api_for_all.post(URL, files={"file": ("a", data)})
    uploaded: Any = assert_problem(answer, 422, slug)
    assert uploaded["errors"][0]["pointer"] == "/file"
    answer = api_for_all.post("/v1/jobs", json=redraw(image=inline(data)))
    sent: Any = assert_problem(answer, 422, slug)
    assert sent["errors"][0]["pointer"] == "/image"


@pytest.mark.parametrize("text", ["*", "data:image/png,x", "A"])
def test_bad_base64_is_an_invalid_image(api_for_all: httpx.Client, text: str) -> None:
    answer = api_for_all.post("/v1/jobs", json=redraw(image={"base64": text}))
    assert_problem(answer, 422, "invalid-image")


def test_a_form_holds_one_file_and_nothing_else(api_for_all: httpx.Client) -> None:
    one = ("a.png", plain())
    post = api_for_all.post
    assert_problem(post(URL, files={"picture": one}), 422, "validation")
    assert_problem(post(URL, files={"file": one}, data={"name": "x"}), 422, "validation")
    assert_problem(post(URL, files=[("file", one), ("file", one)]), 400, "bad-request")
    assert_problem(post(URL, data={"file": "text"}), 415, "unsupported-media-type")
    assert_problem(post(URL, json={"file": "text"}), 415, "unsupported-media-type")
    assert_problem(post(URL), 415, "unsupported-media-type")
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    assert_problem(post(URL, content=b"--x\r\nrubbish", headers=form), 422, "validation")
    no_boundary = {"Content-Type": "multipart/form-data"}
    assert_problem(post(URL, content=b"--x\r\n", headers=no_boundary), 400, "bad-request")
    text_field = b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nhi\r\n--x--\r\n'
    assert_problem(post(URL, content=text_field, headers=form), 422, "validation")


def test_uploads_need_a_key_that_may_write(api: httpx.Client, keys: Keys) -> None:
    files = {"file": ("a.png", plain())}
    nobody = {"Authorization": "Bearer atl_live_nobody"}
    assert_problem(api.post(URL, files=files, headers=nobody), 401, "unauthorized")
    job = redraw(image=inline(plain()))
    assert_problem(api.post("/v1/jobs", json=job, headers=nobody), 401, "unauthorized")
    reader = bearer(keys.make(Scope.JOBS_READ))
    assert_problem(api.post(URL, files=files, headers=reader), 403, "forbidden")
    assert_problem(api.post("/v1/jobs", json=job, headers=reader), 403, "forbidden")
    asset = upload(api)["id"]
    assert_problem(api.delete(f"{URL}/{asset}", headers=reader), 403, "forbidden")
    assert api.get(f"{URL}/{asset}", headers=reader).status_code == 200


def test_an_upload_past_its_limit_is_refused_declared_or_not(
    api: httpx.Client, settings: Settings
) -> None:
    def much() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
        for _ in range(settings.max_upload_bytes // 65_536 + 1):
            yield b"\0" * 65_536

    form = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = api.post(URL, content=much(), headers=form)
    problem = assert_problem(answer, 413, "payload-too-large")
    assert "33,554,432" in str(problem["detail"])
    declared = b"\0" * (settings.max_upload_bytes + 1)
    answer = api.post(URL, content=declared, headers=form)
    assert_problem(answer, 413, "payload-too-large")
    large = save(Image.effect_noise((2048, 2048), 90).convert("RGB"), compress_level=0)
    assert len(large) > 12_000_000
    assert upload(api, large)["width"] == 2048
    json_limit = api.post("/v1/jobs", json=redraw(image=inline(large)))
    assert_problem(json_limit, 413, "payload-too-large")


def test_an_asset_stays_while_a_job_needs_it(api: httpx.Client, hand: Hand) -> None:
    image, mask = upload(api)["id"], upload(api)["id"]
    body = {"task": "inpaint", "prompt": "x", "image": {"asset": image}, "mask": {"asset": mask}}
    job = api.post("/v1/jobs", json=body).json()["id"]
    ends = {"start": {"image": {"asset": image}, "seed": 1}, "end": {"image": {"asset": image}}}
    moving = api.post("/v1/jobs", json={"task": "interpolate"} | ends).json()["id"]
    for asset in (image, mask):
        problem = assert_problem(api.delete(f"{URL}/{asset}"), 409, "asset-in-use")
        assert job in str(problem["detail"]) or moving in str(problem["detail"])
    hand.run_one()
    assert api.delete(f"{URL}/{mask}").status_code == 204
    assert_problem(api.delete(f"{URL}/{image}"), 409, "asset-in-use")
    assert api.post(f"/v1/jobs/{moving}/cancel").status_code == 200
    assert api.delete(f"{URL}/{image}").status_code == 204
    again = assert_problem(api.post(f"/v1/jobs/{job}/retry"), 422, "input-not-found")
    assert again["errors"]


def test_pictures_lie_in_a_bucket_too(s3_settings: Settings, keys: Keys) -> None:
    with (
        serve(s3_settings) as url,
        httpx.Client(base_url=url, headers=bearer(keys.first), timeout=20) as api,
    ):
        view = upload(api)
        answer = httpx.get(view["url"])
        assert answer.headers["content-type"] == "image/png"
        assert len(answer.content) == view["bytes"]
        assert api.delete(f"{URL}/{view['id']}").status_code == 204
        assert httpx.get(view["url"]).status_code in {403, 404}
    store = make_store(s3_settings)
    assert store.delete_prefix(f"{keys.tenant_id}/") == 0


def test_two_at_once_of_one_asset_and_its_job(api: httpx.Client) -> None:
    """Whatever comes first, no accepted job lacks its picture."""
    for _ in range(8):
        asset = upload(api)["id"]
        answers: dict[str, httpx.Response] = {}

        def submit(asset: str = asset, answers: Any = answers) -> None:
            answers["job"] = httpx.post(
                api.base_url.join("/v1/jobs"),
                json=redraw(image={"asset": asset}),
                headers=dict(api.headers),
            )

        thread = threading.Thread(target=submit)
        thread.start()
        time.sleep(0.002)
        deleted = api.delete(f"{URL}/{asset}").status_code
        thread.join()
        assert (answers["job"].status_code, deleted) in {(202, 409), (422, 204)}
