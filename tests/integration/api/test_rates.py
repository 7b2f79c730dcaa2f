"""How often a tenant and a key may call."""

import time
from collections.abc import Callable

import httpx
import pytest

from shared.tenants.keys import Scope
from tests.integration.api.conftest import Keys, assert_problem, bearer
from tests.servers import RunningRedis

LIMIT = 5


@pytest.fixture
def admin(keys: Keys) -> dict[str, str]:
    return bearer(keys.make(Scope.ADMIN, tenant="operators"))


@pytest.fixture
def limited(api: httpx.Client, keys: Keys, admin: dict[str, str]) -> httpx.Client:
    """The first tenant, with a limit on all its keys together."""
    path = f"/admin/tenants/{keys.tenant_id}"
    changed = api.patch(path, headers=admin, json={"requests_per_minute": LIMIT})
    assert changed.json()["requests_per_minute"] == LIMIT
    return api


def test_a_tenants_keys_share_its_limit(limited: httpx.Client, keys: Keys) -> None:
    second_key = bearer(keys.make(Scope.JOBS_READ))
    answers = [
        limited.get("/v1/jobs", headers=second_key if number % 2 else {}) for number in range(LIMIT)
    ]
    assert {answer.status_code for answer in answers} == {200}
    assert answers[0].headers["ratelimit-policy"] == f'"tenant";q={LIMIT};w=60'
    assert answers[0].headers["ratelimit"].startswith(f'"tenant";r={LIMIT - 1};t=')

    refused = limited.get("/v1/jobs")
    assert_problem(refused, 429, "rate-limited")
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert refused.headers["ratelimit"].startswith('"tenant";r=0;t=')


def test_another_tenant_is_not_counted(limited: httpx.Client, other: httpx.Client) -> None:
    for _call in range(LIMIT + 1):
        limited.get("/v1/jobs")
    answer = other.get("/v1/jobs")
    assert answer.status_code == 200
    assert "ratelimit" not in answer.headers


def test_a_key_has_a_limit_of_its_own(api: httpx.Client, keys: Keys, admin: dict[str, str]) -> None:
    asked = {"name": "slow", "scopes": ["jobs:read"], "requests_per_minute": 2}
    path = f"/admin/tenants/{keys.tenant_id}/keys"
    slow = bearer(api.post(path, headers=admin, json=asked).json()["secret"])
    codes = [api.get("/v1/jobs", headers=slow).status_code for _call in range(3)]
    assert codes == [200, 200, 429]
    assert api.get("/v1/jobs").status_code == 200


def test_a_refused_call_does_nothing(limited: httpx.Client) -> None:
    body = {"task": "text-to-image", "prompt": "a red circle"}
    codes = [limited.post("/v1/jobs", json=body).status_code for _call in range(LIMIT + 2)]
    assert codes == [202] * LIMIT + [429] * 2


def test_calls_pass_while_redis_is_away_and_are_counted_once_it_is_back(
    limited: httpx.Client, redis_away: Callable[[], None], redis_server: RunningRedis
) -> None:
    redis_away()
    codes = [limited.get("/v1/jobs").status_code for _call in range(LIMIT + 3)]
    assert set(codes) == {200}
    redis_server.start()
    time.sleep(1.1)  # for so long nobody asks a Redis that did not answer
    assert_problem(limited.get("/v1/jobs"), 429, "rate-limited")


def test_a_limit_is_at_least_one(api: httpx.Client, keys: Keys, admin: dict[str, str]) -> None:
    path = f"/admin/tenants/{keys.tenant_id}"
    for wrong in (0, -1, 1.5, "many"):
        answer = api.patch(path, headers=admin, json={"requests_per_minute": wrong})
        assert_problem(answer, 422, "validation")
