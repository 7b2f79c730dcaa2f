"""Client libraries that repeat a call blindly pay once; two wishes stay two jobs."""

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from sqlalchemy import text

from shared.config import Settings
from shared.db import Role, close_sessions, make_sessions, transaction
from shared.tenants.keys import Scope
from tests.integration.api.conftest import BODY, Hand, Keys, bearer


def retry(count: int) -> dict[str, str]:
    return {"X-Stainless-Retry-Count": str(count)}


def post(api: httpx.Client, count: int | None = None, **fields: object) -> httpx.Response:
    return api.post("/v1/jobs", json=BODY | fields, headers={} if count is None else retry(count))


def test_a_retry_finds_the_job_of_the_lost_answer(api: httpx.Client, hand: Hand) -> None:
    first = post(api, 0)
    assert first.status_code == 202
    hand.run_one()
    for count in (1, 2):
        again = post(api, count)
        assert again.status_code == 200
        assert again.headers["idempotent-replayed"] == "true"
        assert again.json()["id"] == first.json()["id"]
        assert again.json()["status"] == "succeeded"
    assert len(api.get("/v1/jobs").json()["data"]) == 1


def test_a_retry_whose_first_call_never_arrived_makes_the_job(api: httpx.Client) -> None:
    assert post(api, 1).status_code == 202
    assert post(api, 2).status_code == 200


def test_two_intended_calls_stay_two_jobs_and_so_do_their_retries(api: httpx.Client) -> None:
    ids = {post(api).json()["id"] for _call in range(2)}
    assert len(ids) == 2
    found = [post(api, 1).json()["id"] for _call in range(2)]
    assert set(found) == ids
    assert post(api, 1).status_code == 202  # nobody is left that it could be for


def test_retries_that_race_get_a_job_each(api: httpx.Client) -> None:
    ids = {post(api).json()["id"] for _call in range(6)}
    with ThreadPoolExecutor(6) as threads:
        calls = [threads.submit(post, api, 1) for _call in range(6)]
        found = [call.result().json()["id"] for call in calls]
    assert sorted(found) == sorted(ids)


@pytest.mark.parametrize("change", [{"prompt": "another"}, {"seed": 1}])
def test_another_body_is_another_intent(api: httpx.Client, change: dict[str, object]) -> None:
    post(api)
    assert post(api, 1, **change).status_code == 202


def test_another_key_or_tenant_is_another_intent(
    api: httpx.Client, other: httpx.Client, keys: Keys
) -> None:
    post(api)
    second_key = bearer(keys.make(Scope.JOBS_WRITE))
    for client, headers in ((api, second_key), (other, {})):
        answer = client.post("/v1/jobs", json=BODY, headers=headers | retry(1))
        assert answer.status_code == 202


def test_a_quarter_of_an_hour_later_it_is_a_new_intent(
    api: httpx.Client, settings: Settings
) -> None:
    post(api)
    worker = make_sessions(settings, Role.WORKER)
    with transaction(worker) as session:
        session.execute(text("UPDATE jobs SET created_at = created_at - interval '16 minutes'"))
    close_sessions(worker)
    assert post(api, 1).status_code == 202


@pytest.mark.parametrize("count", ["", "x", "-1", "1.5", "99999", "²"])
def test_a_count_that_is_none_is_no_retry(api: httpx.Client, count: str) -> None:
    post(api)
    headers = {"X-Stainless-Retry-Count": count.encode()}
    answer = api.post("/v1/jobs", json=BODY, headers=headers)  # type: ignore[arg-type]
    assert answer.status_code == 202


def test_an_idempotency_key_says_more_than_a_count(api: httpx.Client) -> None:
    post(api)
    named = retry(1) | {"Idempotency-Key": "mine"}
    assert api.post("/v1/jobs", json=BODY, headers=named).status_code == 202
