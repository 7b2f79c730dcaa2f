"""Who may do what: keys, scopes, and the wall between tenants."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from shared.db import transaction
from shared.ids import KeyId
from shared.tenants.create_key import create_key
from shared.tenants.end_key import revoke_key
from shared.tenants.keys import Scope, new_api_key
from tests.integration.api.conftest import BODY, Hand, Keys, assert_problem, bearer


def without_request_id(answer: httpx.Response) -> tuple[int, bytes, dict[str, str]]:
    headers = dict(answer.headers)
    del headers["x-request-id"], headers["date"]
    return answer.status_code, answer.content, headers


def test_every_bad_key_gets_the_same_answer(api: httpx.Client, keys: Keys) -> None:
    unknown = new_api_key()[0]
    with transaction(keys.admin) as session:
        scopes = [Scope.JOBS_READ]
        row, revoked = create_key(session, keys.tenant_id, "revoked", scopes)
        revoke_key(session, keys.tenant_id, KeyId(row.id))
        past = datetime.now(UTC) - timedelta(seconds=1)
        expired = create_key(session, keys.tenant_id, "old", scopes, expires_at=past)[1]
    last = "A" if keys.first[-1] != "A" else "B"
    presented = [
        None,
        "",
        "Bearer",
        "Basic YTpi",
        keys.first,
        "Bearer nonsense",
        f"Bearer {keys.first[:-1]}{last}",
        f"Bearer {keys.first}x",
        f"Bearer {unknown}",
        f"Bearer {revoked}",
        f"Bearer {expired}",
        "Bearer caf\xe9",
    ]
    answers = []
    with httpx.Client(base_url=api.base_url) as anyone:
        for one in presented:
            headers = {} if one is None else {"Authorization": one.encode("latin-1")}
            answers.append(anyone.get("/v1/jobs", headers=headers))  # type: ignore[arg-type]
    assert_problem(answers[0], 401, "unauthorized")
    assert answers[0].headers["www-authenticate"].startswith("Bearer")
    assert len({str(without_request_id(answer)) for answer in answers}) == 1


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/jobs"),
        ("GET", "/v1/jobs"),
        ("GET", "/v1/jobs/job_1"),
        ("DELETE", "/v1/jobs/job_1"),
        ("POST", "/v1/jobs/job_1/cancel"),
        ("POST", "/v1/jobs/job_1/retry"),
        ("GET", "/v1/jobs/job_1/events"),
        ("GET", "/v1/jobs/job_1/images/0"),
        ("GET", "/v1/models"),
        ("GET", "/v1/models/mini"),
    ],
)
def test_nothing_of_a_tenant_is_told_without_a_key(
    api_for_all: httpx.Client, method: str, path: str
) -> None:
    answer = httpx.request(method, api_for_all.base_url.join(path))
    assert_problem(answer, 401, "unauthorized")


def test_a_key_is_asked_for_before_the_body_is_judged(api_for_all: httpx.Client) -> None:
    answer = httpx.post(api_for_all.base_url.join("/v1/jobs"), json={"prompt": 1})
    assert_problem(answer, 401, "unauthorized")


def test_scopes(api: httpx.Client, keys: Keys) -> None:
    reader = bearer(keys.make(Scope.JOBS_READ))
    writer = bearer(keys.make(Scope.JOBS_WRITE))
    job_id = api.post("/v1/jobs", json=BODY, headers=writer).json()["id"]
    assert api.get(f"/v1/jobs/{job_id}", headers=reader).status_code == 200
    for method, path in (("POST", ""), ("DELETE", f"/{job_id}"), ("POST", f"/{job_id}/cancel")):
        answer = api.request(method, f"/v1/jobs{path}", json=BODY, headers=reader)
        assert_problem(answer, 403, "forbidden")
    for path in ("/v1/jobs", f"/v1/jobs/{job_id}", f"/v1/jobs/{job_id}/events", "/v1/models"):
        assert_problem(api.get(path, headers=writer), 403, "forbidden")


def test_another_tenants_job_is_as_if_it_never_was(
    api: httpx.Client, other: httpx.Client, hand: Hand
) -> None:
    mine = api.post("/v1/jobs", json=BODY).json()["id"]
    hand.run_one()
    never = f"job_{'0' * 32}"
    calls = [
        ("GET", ""),
        ("DELETE", ""),
        ("POST", "/cancel"),
        ("POST", "/retry"),
        ("GET", "/events"),
        ("GET", "/images/0"),
        ("GET", "/images/0?proxy=true"),
    ]
    for method, rest in calls:
        foreign = other.request(method, f"/v1/jobs/{mine}{rest}")
        unknown = other.request(method, f"/v1/jobs/{never}{rest}")
        assert_problem(foreign, 404, "not-found")
        assert foreign.text.replace(mine, never) == unknown.text
    assert other.get("/v1/jobs").json()["data"] == []
    assert api.get(f"/v1/jobs/{mine}").json()["status"] == "succeeded"


def test_another_tenants_cursor_shows_nothing_of_it(api: httpx.Client, other: httpx.Client) -> None:
    for _ in range(3):
        api.post("/v1/jobs", json=BODY)
    own = other.post("/v1/jobs", json=BODY).json()["id"]
    cursor = api.get("/v1/jobs?limit=1").json()["next_cursor"]
    listed = other.get("/v1/jobs", params={"cursor": cursor}).json()["data"]
    assert {job["id"] for job in listed} <= {own}
