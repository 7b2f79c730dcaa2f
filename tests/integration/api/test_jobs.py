"""Making, reading, listing, canceling, repeating and deleting jobs."""

import httpx
from tests.integration.api.conftest import BODY, Hand, assert_problem


def test_a_job_is_made_read_and_finished(api: httpx.Client, hand: Hand) -> None:
    made = api.post("/v1/jobs", json=BODY | {"seed": 7, "num_images": 2, "metadata": {"order": "1"}})
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
    assert running["attempts"] == 1

    files = hand.finish(job)
    done = api.get(f"/v1/jobs/{queued['id']}").json()
    assert done["status"] == "succeeded"
    assert done["cost"]["settled"] == done["cost"]["reserved"]
    assert [image["seed"] for image in done["images"]] == [7, 8]
    for image, data in zip(done["images"], files, strict=True):
        with_no_key = httpx.get(image["url"].replace("http://127.0.0.1:8000", str(api.base_url)))
        assert with_no_key.content == data
        assert with_no_key.headers["content-type"] == "image/png"
        assert image["bytes"] == len(data)
