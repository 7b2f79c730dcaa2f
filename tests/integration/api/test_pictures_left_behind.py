"""No object outlives what names it, and none goes while something does."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select, text

from shared.assets.table import Asset
from shared.config import Settings
from shared.db import Role, Sessions, close_sessions, make_sessions, transaction
from shared.images.file_store import FileImageStore
from shared.jobs.table import Job
from shared.queue import make_celery, make_doorbell
from tests.integration.api.conftest import Hand, assert_problem
from tests.integration.api.pictures import URL, inline, objects, redraw, upload
from tests.unit.shared.pictures import plain
from worker.sweep import SweepParts, sweep


@pytest.fixture
def admin(settings: Settings) -> Iterator[Sessions]:
    sessions = make_sessions(settings, Role.ADMIN)
    yield sessions
    close_sessions(sessions)


@pytest.fixture
def run_sweep(settings: Settings, hand: Hand) -> Any:
    """Run one round of the sweep, some time from now."""

    def run(later_s: float = 0) -> None:
        with transaction(hand.sessions) as session:
            session.execute(
                text("UPDATE deletions SET not_before = not_before - make_interval(secs => :s)"),
                {"s": later_s},
            )
        doorbell = make_doorbell(settings, make_celery(settings))
        sweep(SweepParts(settings, hand.sessions, hand.store, hand.stream, doorbell))

    return run


def test_a_deleted_asset_is_gone_for_good(
    api: httpx.Client, settings: Settings, run_sweep: Any
) -> None:
    view, kept = upload(api), upload(api)
    link = httpx.URL(view["url"]).copy_with(host=api.base_url.host, port=api.base_url.port)
    assert api.delete(f"{URL}/{view['id']}").status_code == 204
    assert_problem(api.get(f"{URL}/{view['id']}"), 404, "not-found")
    assert_problem(api.delete(f"{URL}/{view['id']}"), 404, "not-found")
    assert_problem(httpx.get(link), 404, "not-found")
    run_sweep(3600)
    assert [key.split("/")[1] for key in objects(settings)] == [kept["id"]]


def test_what_came_with_a_job_goes_with_it(
    api: httpx.Client, settings: Settings, run_sweep: Any
) -> None:
    job = api.post("/v1/jobs", json=redraw(image=inline(plain(64, 96)))).json()
    asset = job["request"]["image"]["asset"]
    assert "base64" not in str(job["request"])
    view = api.get(f"{URL}/{asset}").json()
    assert (view["job"], view["width"], view["height"]) == (job["id"], 64, 96)
    [key] = objects(settings)
    assert key.split("/")[1:] == [job["id"], "inputs", asset, "picture.png"]
    run_sweep(3600)
    assert objects(settings) == [key]
    assert api.delete(f"/v1/jobs/{job['id']}").status_code == 204
    assert_problem(api.get(f"{URL}/{asset}"), 404, "not-found")
    assert objects(settings) == []


def test_a_submission_that_fails_leaves_nothing_behind(
    api: httpx.Client, settings: Settings, admin: Sessions, run_sweep: Any
) -> None:
    body = redraw(image=inline(plain()), width=100)
    assert_problem(api.post("/v1/jobs", json=body), 422, "validation")
    assert len(objects(settings)) == 1
    run_sweep()
    assert len(objects(settings)) == 1  # it might still be accepted
    run_sweep(settings.orphan_grace_s)
    assert objects(settings) == []
    with transaction(admin) as session:
        assert session.scalars(select(Asset)).all() == []
        assert session.scalars(select(Job)).all() == []


def test_a_repeat_with_its_key_is_the_same_job(
    api: httpx.Client, settings: Settings, run_sweep: Any
) -> None:
    key = {"Idempotency-Key": "k"}
    body = redraw(image=inline(plain()))
    first = api.post("/v1/jobs", json=body, headers=key)
    again = api.post("/v1/jobs", json=body, headers=key)
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json()["request"] == again.json()["request"]
    other_picture = redraw(image=inline(plain(colour=(1, 1, 1))))
    answer = api.post("/v1/jobs", json=other_picture, headers=key)
    assert_problem(answer, 422, "idempotency-key-reused")
    run_sweep(settings.orphan_grace_s)
    assert [key.split("/")[1] for key in objects(settings)] == [first.json()["id"]]


def test_objects_that_the_sweep_may_be_removing_are_not_named(
    api: httpx.Client, settings: Settings, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store so slow that the note comes due: the sweep takes it just before the rows do."""
    put = FileImageStore.put

    def put_late(self: FileImageStore, key: str, data: bytes, content_type: str) -> None:
        put(self, key, data, content_type)
        with transaction(hand.sessions) as session:
            session.execute(text("UPDATE deletions SET not_before = now() + interval '1 minute'"))

    monkeypatch.setattr(FileImageStore, "put", put_late)
    assert_problem(api.post(URL, files={"file": plain()}), 503, "unavailable")
    assert_problem(api.post("/v1/jobs", json=redraw(image=inline(plain()))), 503, "unavailable")
    assert api.get(URL).json()["data"] == []
    assert api.get("/v1/jobs").json()["data"] == []


def test_the_store_that_is_down_is_a_503_and_leaves_a_note(
    api: httpx.Client, settings: Settings, admin: Sessions
) -> None:
    root = Path(settings.store_url.get_secret_value().removeprefix("file://"))
    root.mkdir(parents=True, exist_ok=True)
    tenant = upload(api)
    [key] = objects(settings)
    folder = root / key.split("/")[0]
    for path in sorted(folder.rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    folder.rmdir()
    folder.write_text("a file where a folder should be")
    assert_problem(api.post(URL, files={"file": plain()}), 503, "unavailable")
    folder.unlink()
    with transaction(admin) as session:
        assert [one.id for one in session.scalars(select(Asset))] == [tenant["id"]]
