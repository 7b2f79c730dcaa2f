"""Quotas at the edge, and what a tenant is told of what it used."""

import csv
import io
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from sqlalchemy import select

from shared.db import transaction
from shared.jobs.check_accounts import find_account_faults
from shared.tenants.keys import Scope
from shared.usage.period import current_period
from shared.usage.table import Account
from tests.integration.api.conftest import BODY, Hand, Keys, assert_problem, bearer

SMALL = BODY | {"width": 64, "height": 64, "num_inference_steps": 1}
COST = 64 * 64 / 1e6
AT_ONCE = 200


@pytest.fixture
def admin(keys: Keys) -> dict[str, str]:
    return bearer(keys.make(Scope.ADMIN, tenant="operators"))


@pytest.fixture
def metered(api: httpx.Client, keys: Keys, admin: dict[str, str]) -> httpx.Client:
    """The first tenant, with a quota of ten small jobs and a key that may read usage."""
    path = f"/admin/tenants/{keys.tenant_id}"
    changed = api.patch(path, headers=admin, json={"monthly_quota": 10 * COST})
    assert changed.json()["monthly_quota"] == pytest.approx(10 * COST)
    scopes = (Scope.JOBS_READ, Scope.JOBS_WRITE, Scope.USAGE_READ)
    api.headers.update(bearer(keys.make(*scopes)))
    return api


def amounts(client: httpx.Client) -> tuple[float, float, float]:
    limits = client.get("/v1/limits").json()
    return limits["reserved"], limits["used"], limits["left"]


def test_a_job_is_reserved_then_settled_or_given_back(metered: httpx.Client, hand: Hand) -> None:
    assert amounts(metered) == pytest.approx((0, 0, 10 * COST))
    metered.post("/v1/jobs", json=SMALL)
    queued = metered.post("/v1/jobs", json=SMALL).json()["id"]
    assert amounts(metered) == pytest.approx((2 * COST, 0, 8 * COST))
    hand.run_one()
    assert amounts(metered) == pytest.approx((COST, COST, 8 * COST))
    metered.post(f"/v1/jobs/{queued}/cancel")
    assert amounts(metered) == pytest.approx((0, COST, 9 * COST))


def test_what_the_quota_does_not_hold_is_refused_and_nothing_is_stored(
    metered: httpx.Client,
) -> None:
    for _job in range(10):
        assert metered.post("/v1/jobs", json=SMALL).status_code == 202
    refused = metered.post("/v1/jobs", json=SMALL)
    body = assert_problem(refused, 429, "quota-exceeded")
    assert "0.004096" in str(body["detail"])
    assert int(refused.headers["retry-after"]) <= 31 * 86_400
    assert len(metered.get("/v1/jobs").json()["data"]) == 10
    assert amounts(metered) == pytest.approx((10 * COST, 0, 0))


def test_a_refused_job_does_not_use_up_its_idempotency_key(
    metered: httpx.Client, keys: Keys, admin: dict[str, str]
) -> None:
    key = {"Idempotency-Key": "again"}
    large = SMALL | {"num_inference_steps": 11}
    assert metered.post("/v1/jobs", json=large, headers=key).status_code == 429
    path = f"/admin/tenants/{keys.tenant_id}/top-ups"
    assert metered.post(path, headers=admin, json={"amount": COST}).status_code == 204
    assert metered.post("/v1/jobs", json=large, headers=key).status_code == 202
    assert metered.get("/v1/limits").json()["quota"] == pytest.approx(11 * COST)


def test_no_double_spend_by_many_at_once(metered: httpx.Client, keys: Keys) -> None:
    with ThreadPoolExecutor(16) as threads:
        calls = [threads.submit(metered.post, "/v1/jobs", json=SMALL) for _call in range(AT_ONCE)]
        codes = [call.result().status_code for call in calls]
    assert (codes.count(202), codes.count(429)) == (10, AT_ONCE - 10)
    with transaction(keys.admin) as session:
        [account] = session.scalars(select(Account).where(Account.tenant_id == keys.tenant_id))
        assert account.reserved == 10 * 64 * 64
        assert find_account_faults(session, current_period()) == []


def test_without_a_quota_there_is_no_limit(
    metered: httpx.Client, keys: Keys, admin: dict[str, str]
) -> None:
    path = f"/admin/tenants/{keys.tenant_id}"
    metered.patch(path, headers=admin, json={"monthly_quota": None})
    assert {metered.post("/v1/jobs", json=SMALL).status_code for _job in range(12)} == {202}
    limits = metered.get("/v1/limits").json()
    assert (limits["quota"], limits["left"]) == (None, None)


def test_usage_is_the_sum_of_the_ledger(metered: httpx.Client, hand: Hand) -> None:
    two = SMALL | {"num_images": 2}
    for body in (SMALL, two, SMALL):
        metered.post("/v1/jobs", json=body)
    hand.run_one()
    hand.run_one()
    last = metered.get("/v1/jobs?limit=1").json()["data"][0]["id"]
    metered.post(f"/v1/jobs/{last}/cancel")

    usage = metered.get("/v1/usage", params={"group_by": "day,model,key"}).json()
    [line] = usage["data"]
    assert line["model"] == "mini"
    assert line["key"].startswith("key_")
    assert line["day"] == usage["last_day"]
    counted = {"jobs": 3, "succeeded": 2, "failed": 0, "canceled": 1, "images": 3}
    assert counted.items() <= line.items()
    assert line["amount"] == pytest.approx(3 * COST)
    assert usage["total"]["amount"] == line["amount"]
    assert metered.get("/v1/usage?to=2020-01-31&from=2020-01-01").json()["data"] == []


def test_usage_as_csv(metered: httpx.Client, hand: Hand) -> None:
    metered.post("/v1/jobs", json=SMALL)
    hand.run_one()
    answer = metered.get("/v1/usage?group_by=model", headers={"Accept": "text/csv"})
    assert answer.headers["content-type"].startswith("text/csv")
    [row] = csv.DictReader(io.StringIO(answer.text))
    assert row["model"] == "mini"
    assert row["pixel_steps"] == str(64 * 64)


def test_another_tenants_usage_is_not_seen(metered: httpx.Client, keys: Keys, hand: Hand) -> None:
    metered.post("/v1/jobs", json=SMALL)
    hand.run_one()
    foreigner = bearer(keys.make(Scope.USAGE_READ, tenant="second"))
    assert metered.get("/v1/usage", headers=foreigner).json()["data"] == []
    limits = metered.get("/v1/limits", headers=foreigner).json()
    assert (limits["used"], limits["quota"]) == (0, None)


@pytest.mark.parametrize(
    "query",
    [
        "group_by=day,day",
        "group_by=prompt",
        "from=2026-02-01&to=2026-01-01",
        "from=2020-01-01&to=2026-01-01",
        "from=yesterday",
        "page=2",
    ],
)
def test_a_report_that_cannot_be_made(metered: httpx.Client, query: str) -> None:
    assert_problem(metered.get(f"/v1/usage?{query}"), 422, "validation")


def test_the_scope_is_needed(api: httpx.Client) -> None:
    for path in ("/v1/usage", "/v1/limits"):
        assert_problem(api.get(path), 403, "forbidden")


@pytest.mark.parametrize("quota", [-1, "much", 1e13])
def test_what_a_quota_cannot_be(
    metered: httpx.Client, keys: Keys, admin: dict[str, str], quota: object
) -> None:
    path = f"/admin/tenants/{keys.tenant_id}"
    answer = metered.patch(path, headers=admin, json={"monthly_quota": quota})
    assert_problem(answer, 422, "validation")
