"""Making, reading, listing, canceling, repeating and deleting jobs."""

import threading
import time
from pathlib import Path

import httpx

from shared.config import Settings
from shared.events.stream import JobEvent, stream_key
from shared.ids import JobId
from shared.redis_client import make_redis
from tests.integration.api.conftest import BODY, Hand, assert_problem


def submit(api: httpx.Client, **fields: object) -> dict[str, object]:
    answer = api.post("/v1/jobs", json=BODY | fields)
    assert answer.status_code == 202, answer.text
    job: dict[str, object] = answer.json()
    return job


def test_a_job_is_made_read_and_finished(api: httpx.Client, hand: Hand) -> None:
    body = BODY | {"seed": 7, "num_images": 2, "metadata": {"order": "1"}}
    made = api.post("/v1/jobs", json=body)
    assert made.status_code == 202, made.text
    queued = made.json()
    assert made.headers["location"] == f"/v1/jobs/{queued['id']}"
    assert queued["status"] == "queued"
    assert queued["queue"] == {"position": 1, "eta_seconds": None, "waiting_for": "workers"}
    assert queued["cost"] == {
        "reserved": 128 * 128 * 12 * 2 / 1e6,
        "settled": None,
        "unit": "megapixel-step",
    }
    assert queued["progress"] == {"step": 0, "steps": 12, "fraction": 0.0}
    assert queued["request"]["scheduler"] == "dpm++2m"
    assert queued["metadata"] == {"order": "1"}

    [job] = hand.claim()
    hand.report(job, 6)
    running = api.get(f"/v1/jobs/{queued['id']}").json()
    assert running["status"] == "running"
    assert running["progress"] == {"step": 6, "steps": 12, "fraction": 0.5}
    assert running["queue"]["position"] is None
    assert running["queue"]["eta_seconds"] is not None
    assert running["attempts"] == 1

    files = hand.finish(job)
    done = api.get(f"/v1/jobs/{queued['id']}").json()
    assert done["status"] == "succeeded"
    assert done["cost"]["settled"] == done["cost"]["reserved"]
    assert [image["seed"] for image in done["images"]] == [7, 8]
    assert [image["bytes"] for image in done["images"]] == [len(data) for data in files]


def test_a_seed_left_out_is_drawn_and_told(api: httpx.Client) -> None:
    first, second = (submit(api)["request"] for _ in range(2))
    assert first["seed"] != second["seed"]  # type: ignore[index]


def test_positions_count_within_the_tenant(
    api: httpx.Client, other: httpx.Client, hand: Hand
) -> None:
    submit(other)
    ids = [submit(api)["id"] for _ in range(3)]
    listed = api.get("/v1/jobs").json()["data"]
    assert [(one["id"], one["queue"]["position"]) for one in listed] == [
        (ids[2], 3),
        (ids[1], 2),
        (ids[0], 1),
    ]
    assert other.get("/v1/jobs").json()["data"][0]["queue"]["position"] == 1


def test_a_read_that_brings_nothing_new_is_304(api: httpx.Client, hand: Hand) -> None:
    job = submit(api)
    first = api.get(f"/v1/jobs/{job['id']}")
    same = api.get(f"/v1/jobs/{job['id']}", headers={"If-None-Match": first.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    hand.run_one()
    changed = api.get(f"/v1/jobs/{job['id']}", headers={"If-None-Match": first.headers["etag"]})
    assert changed.status_code == 200
    assert changed.json()["status"] == "succeeded"
    time.sleep(1.1)  # links end at a whole second
    again = api.get(f"/v1/jobs/{job['id']}", headers={"If-None-Match": changed.headers["etag"]})
    assert again.status_code == 304  # though its links are newer


def test_lists_page_through_everything_newest_first(api: httpx.Client) -> None:
    made = [submit(api)["id"] for _ in range(5)]
    seen: list[str] = []
    cursor = None
    for _ in range(3):
        page = api.get("/v1/jobs", params={"limit": 2} | ({"cursor": cursor} if cursor else {}))
        seen += [job["id"] for job in page.json()["data"]]
        cursor = page.json()["next_cursor"]
    assert seen == made[::-1]
    assert cursor is None


def test_lists_filter(api: httpx.Client, hand: Hand) -> None:
    done = submit(api, metadata={"order": "1", "a/b~c": "x"})
    hand.run_one()
    waiting = submit(api, metadata={"order": "2"})

    def ids(**which: str) -> list[str]:
        answer = api.get("/v1/jobs", params=which)
        assert answer.status_code == 200, answer.text
        return [job["id"] for job in answer.json()["data"]]

    assert ids(status="succeeded") == [done["id"]]
    assert ids(status="queued") == [waiting["id"]]
    assert ids(**{"metadata[order]": "1"}) == [done["id"]]
    assert ids(**{"metadata[order]": "1", "metadata[a/b~c]": "x"}) == [done["id"]]
    assert ids(**{"metadata[order]": "3"}) == []
    assert ids(task="text-to-image", model="mini") == [waiting["id"], done["id"]]
    assert ids(model="other") == []
    assert ids(created_after=str(done["created_at"])) == [waiting["id"]]
    assert ids(created_after="2999-01-01T00:00:00Z") == []


def test_an_idempotency_key_names_one_job(api: httpx.Client, other: httpx.Client) -> None:
    headers = {"Idempotency-Key": "order 1234"}
    first = api.post("/v1/jobs", json=BODY, headers=headers)
    again = api.post("/v1/jobs", json=BODY, headers=headers)
    assert (first.status_code, again.status_code) == (202, 200)
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert again.json()["id"] == first.json()["id"]
    assert again.json()["request"]["seed"] == first.json()["request"]["seed"]

    reused = api.post("/v1/jobs", json=BODY | {"prompt": "another"}, headers=headers)
    assert_problem(reused, 422, "idempotency-key-reused")
    assert other.post("/v1/jobs", json=BODY, headers=headers).json()["id"] != first.json()["id"]


def test_the_same_key_at_once_makes_one_job(api: httpx.Client) -> None:
    gate = threading.Barrier(8)
    answers: list[httpx.Response] = []

    def post() -> None:
        gate.wait()
        answers.append(api.post("/v1/jobs", json=BODY, headers={"Idempotency-Key": "at once"}))

    threads = [threading.Thread(target=post) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [202]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert len(api.get("/v1/jobs").json()["data"]) == 1


def test_cancel(api: httpx.Client, hand: Hand) -> None:
    queued = submit(api)
    canceled = api.post(f"/v1/jobs/{queued['id']}/cancel")
    assert (canceled.status_code, canceled.json()["status"]) == (200, "canceled")
    assert canceled.json()["cost"]["settled"] == 0
    assert hand.claim() == []
    assert_problem(api.post(f"/v1/jobs/{queued['id']}/cancel"), 409, "job-ended")

    running = submit(api)
    [job] = hand.claim()
    asked = api.post(f"/v1/jobs/{running['id']}/cancel")
    assert (asked.status_code, asked.json()["status"]) == (202, "running")
    assert api.post(f"/v1/jobs/{running['id']}/cancel").status_code == 202
    hand.finish(job)
    assert_problem(api.post(f"/v1/jobs/{running['id']}/cancel"), 409, "job-ended")


def test_delete_removes_rows_pictures_and_events(
    api: httpx.Client, hand: Hand, settings: Settings, tmp_path: Path
) -> None:
    made = submit(api, prompt="a canary that must not stay")
    [job] = hand.claim()
    job_id = JobId(str(made["id"]))
    hand.tell(job_id, JobEvent.PREVIEW, image="UklGR", content_type="image/webp")
    hand.finish(job)
    assert list((tmp_path / "images").rglob("*.png"))
    image_url = api.get(f"/v1/jobs/{job_id}").json()["images"][0]["url"]

    assert api.delete(f"/v1/jobs/{job_id}").status_code == 204
    assert_problem(api.get(f"/v1/jobs/{job_id}"), 404, "not-found")
    assert_problem(api.delete(f"/v1/jobs/{job_id}"), 404, "not-found")
    assert_problem(api.get(f"/v1/jobs/{job_id}/images/0"), 404, "not-found")
    assert_problem(api.get(f"/v1/jobs/{job_id}/events"), 404, "not-found")
    assert_problem(api.get(httpx.URL(image_url).raw_path.decode()), 404, "not-found")
    assert api.get("/v1/jobs").json()["data"] == []
    assert not list((tmp_path / "images").rglob("*.png"))
    assert settings.cache_url is not None
    assert not make_redis(settings.cache_url.get_secret_value(), 1).exists(stream_key(job_id))


def test_delete_takes_queued_and_running_jobs_too(api: httpx.Client, hand: Hand) -> None:
    running = submit(api)
    hand.claim()
    queued = submit(api)
    for job in (running, queued):
        assert api.delete(f"/v1/jobs/{job['id']}").status_code == 204
    assert hand.claim() == []


def test_retry_makes_a_new_job_from_the_same_request(api: httpx.Client, hand: Hand) -> None:
    first = submit(api, seed=5, num_images=2, metadata={"order": "9"}, output={"format": "webp"})
    headers = {"Idempotency-Key": "again"}
    answer = api.post(f"/v1/jobs/{first['id']}/retry", headers=headers)
    assert answer.status_code == 202
    second = answer.json()
    assert second["id"] != first["id"]
    assert second["request"] == first["request"]
    assert second["metadata"] == {"order": "9"}
    replay = api.post(f"/v1/jobs/{first['id']}/retry", headers=headers)
    assert (replay.status_code, replay.json()["id"]) == (200, second["id"])
