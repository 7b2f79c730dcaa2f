"""`Prefer: wait`: with Redis, without it, and what a wait must not hold."""

import threading
import time
from collections.abc import Callable

import httpx
import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from shared.config import Settings
from shared.redis_client import make_redis
from tests.integration.api.conftest import BODY, Hand, Keys, assert_problem, bearer, serve
from tests.servers import RunningPostgres


def in_background(work: Callable[[], httpx.Response]) -> Callable[[], httpx.Response]:
    """Start a call; the returned function waits for its answer."""
    answers: list[httpx.Response] = []
    thread = threading.Thread(target=lambda: answers.append(work()))
    thread.start()

    def result() -> httpx.Response:
        thread.join(timeout=30)
        return answers[0]

    return result


def claim_one(hand: Hand) -> object:
    for _ in range(200):
        if claimed := hand.claim(1):
            return claimed[0]
        time.sleep(0.02)
    raise AssertionError("no job to claim")


def post_waiting(api: httpx.Client, wait_s: int = 20) -> Callable[[], httpx.Response]:
    headers = {"Prefer": f"wait={wait_s}"}
    return in_background(lambda: api.post("/v1/jobs", json=BODY, headers=headers))


def test_a_wait_answers_with_the_ended_job(api: httpx.Client, hand: Hand) -> None:
    answer = post_waiting(api)
    hand.finish(claim_one(hand))  # type: ignore[arg-type]
    made = answer()
    assert made.status_code == 201, made.text
    assert made.json()["status"] == "succeeded"
    assert made.json()["images"]
    assert made.headers["preference-applied"] == "wait=20"
    assert made.headers["location"] == f"/v1/jobs/{made.json()['id']}"


def test_a_wait_that_is_over_answers_202(api: httpx.Client) -> None:
    made = post_waiting(api, 1)()
    assert (made.status_code, made.json()["status"]) == (202, "queued")
    assert made.headers["preference-applied"] == "wait=1"


def test_a_canceled_job_ends_a_wait(api: httpx.Client) -> None:
    answer = post_waiting(api)
    while not (jobs := api.get("/v1/jobs").json()["data"]):
        time.sleep(0.02)
    api.post(f"/v1/jobs/{jobs[0]['id']}/cancel")
    assert (answer().status_code, answer().json()["status"]) == (201, "canceled")


def test_a_deleted_job_ends_a_wait(api: httpx.Client) -> None:
    answer = post_waiting(api)
    while not (jobs := api.get("/v1/jobs").json()["data"]):
        time.sleep(0.02)
    api.delete(f"/v1/jobs/{jobs[0]['id']}")
    assert_problem(answer(), 404, "not-found")


def test_a_read_waits_too(api: httpx.Client, hand: Hand) -> None:
    job_id = api.post("/v1/jobs", json=BODY).json()["id"]
    headers = {"Prefer": "wait=20"}
    answer = in_background(lambda: api.get(f"/v1/jobs/{job_id}", headers=headers))
    hand.finish(claim_one(hand))  # type: ignore[arg-type]
    assert (answer().status_code, answer().json()["status"]) == (200, "succeeded")
    at_once = api.get(f"/v1/jobs/{job_id}", headers=headers)
    assert at_once.json()["status"] == "succeeded"
    assert at_once.headers["preference-applied"] == "wait=20"


def test_a_replay_waits_too(api: httpx.Client, hand: Hand) -> None:
    api.post("/v1/jobs", json=BODY, headers={"Idempotency-Key": "k"})
    headers = {"Idempotency-Key": "k", "Prefer": "wait=20"}
    answer = in_background(lambda: api.post("/v1/jobs", json=BODY, headers=headers))
    hand.finish(claim_one(hand))  # type: ignore[arg-type]
    assert (answer().status_code, answer().json()["status"]) == (200, "succeeded")


def test_waits_are_told_and_need_no_poll(settings: Settings, keys: Keys, hand: Hand) -> None:
    patient = settings.model_copy(update={"wait_poll_interval_s": 600})
    headers = bearer(keys.first)
    with serve(patient) as url, httpx.Client(base_url=url, headers=headers, timeout=15) as api:
        finished = post_waiting(api, 60)
        hand.finish(claim_one(hand))  # type: ignore[arg-type]
        assert finished().status_code == 201
        canceled = post_waiting(api, 60)
        while not (jobs := api.get("/v1/jobs?status=queued").json()["data"]):
            time.sleep(0.02)
        api.post(f"/v1/jobs/{jobs[0]['id']}/cancel")
        assert (canceled().status_code, canceled().json()["status"]) == (201, "canceled")


def test_an_end_that_nobody_told_is_found(api: httpx.Client, hand: Hand) -> None:
    """The slow look at the database, while Redis is up: a worker may die before it tells."""
    answer = post_waiting(api)
    hand.finish(claim_one(hand), is_told=False)  # type: ignore[arg-type]
    assert answer().status_code == 201


def test_jobs_are_accepted_and_waits_end_while_redis_is_away(
    api: httpx.Client, hand: Hand, redis_away: Callable[[], None]
) -> None:
    before = post_waiting(api)
    job = claim_one(hand)
    redis_away()
    hand.finish(job, is_told=False)  # type: ignore[arg-type]
    assert before().json()["status"] == "succeeded"

    during = post_waiting(api)
    hand.finish(claim_one(hand), is_told=False)  # type: ignore[arg-type]
    assert (during().status_code, during().json()["status"]) == (201, "succeeded")
    queued = api.post("/v1/jobs", json=BODY).json()["id"]
    assert api.post(f"/v1/jobs/{queued}/cancel").status_code == 200
    assert api.delete(f"/v1/jobs/{queued}").status_code == 204


def test_an_accepted_job_rings(api: httpx.Client, settings: Settings) -> None:
    broker = make_redis(settings.redis_url.get_secret_value(), 1)
    api.post("/v1/jobs", json=BODY)
    assert broker.llen("atelier:pool.default") == 1


def test_a_failed_commit_is_never_a_202(api: httpx.Client, settings: Settings) -> None:
    def explode(_session: Session) -> None:
        raise RuntimeError("the commit failed")

    broker = make_redis(settings.redis_url.get_secret_value(), 1)
    event.listen(Session, "before_commit", explode)
    try:
        for prefer in ({}, {"Prefer": "wait=5"}):
            answer = api.post("/v1/jobs", json=BODY, headers=prefer)
            problem = assert_problem(answer, 500, "internal")
            assert answer.headers["x-request-id"] in str(problem["detail"])
            assert "commit failed" not in answer.text
    finally:
        event.remove(Session, "before_commit", explode)
    assert broker.llen("atelier:pool.default") == 0
    assert api.get("/v1/jobs").json()["data"] == []


def test_a_caller_that_hangs_up_is_forgotten(api: httpx.Client, hand: Hand) -> None:
    headers = {"Prefer": "wait=60"}
    with pytest.raises(httpx.ReadTimeout):
        api.post("/v1/jobs", json=BODY, headers=headers, timeout=0.5)
    assert len(hand.claim()) == 1  # its job is not


def test_a_database_that_is_down_is_a_503(api: httpx.Client, postgres: RunningPostgres) -> None:
    postgres.process.kill()
    postgres.process.wait()
    try:
        answer = api.post("/v1/jobs", json=BODY)
        assert_problem(answer, 503, "unavailable")
        assert int(answer.headers["retry-after"]) > 0
        assert api.get("/healthz").status_code == 200
        ready = api.get("/readyz")
        assert ready.status_code == 503
        assert ready.json()["database"]["status"] == "down"
        assert ready.json()["broker"]["status"] == "ok"
    finally:
        postgres.start()
    assert api.post("/v1/jobs", json=BODY).status_code == 202
    assert api.get("/readyz").status_code == 200
