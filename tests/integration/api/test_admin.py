"""`/admin`: tenants, their keys, and the log of what admins did."""

from collections.abc import Iterator

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from shared.db import transaction
from shared.tenants.keys import Scope
from tests.integration.api.conftest import BODY, Hand, Keys, assert_problem, bearer

KEY = {"name": "theirs", "scopes": ["jobs:read", "jobs:write"]}


@pytest.fixture
def admin(api: httpx.Client, keys: Keys) -> Iterator[httpx.Client]:
    key = bearer(keys.make(Scope.ADMIN, tenant="operators"))
    with httpx.Client(base_url=api.base_url, headers=key, timeout=20) as client:
        yield client


def acts(admin: httpx.Client, **query: object) -> list[tuple[str, str]]:
    data = admin.get("/admin/acts", params=query).json()["data"]  # type: ignore[arg-type]
    return [(act["action"], act["target"]) for act in data]


def test_from_a_new_tenant_to_its_first_job(admin: httpx.Client) -> None:
    opened = admin.post("/admin/tenants", json={"name": "team red"})
    assert opened.status_code == 201
    tenant = opened.json()["id"]
    assert admin.get(f"/admin/tenants/{tenant}").json() == opened.json()
    issued = admin.post(f"/admin/tenants/{tenant}/keys", json=KEY).json()
    theirs = bearer(issued["secret"])
    assert admin.post("/v1/jobs", json=BODY, headers=theirs).status_code == 202
    listed = admin.get(f"/admin/tenants/{tenant}/keys").json()["data"]
    assert [row["id"] for row in listed] == [issued["id"]]
    assert listed[0]["last_used_at"] is not None
    assert acts(admin)[:2] == [("key.issued", issued["id"]), ("tenant.created", tenant)]


def test_a_name_is_one_tenants(admin: httpx.Client) -> None:
    admin.post("/admin/tenants", json={"name": "red"})
    assert_problem(admin.post("/admin/tenants", json={"name": "red"}), 409, "name-taken")
    assert [act for act, _target in acts(admin)] == ["tenant.created"]


def test_a_suspended_tenant_is_told_so_and_its_jobs_finish(
    admin: httpx.Client, api: httpx.Client, keys: Keys, hand: Hand
) -> None:
    job_id = api.post("/v1/jobs", json=BODY).json()["id"]
    tenant = keys.tenant_id
    suspended = admin.post(f"/admin/tenants/{tenant}/suspend").json()
    assert suspended["suspended_at"] is not None
    assert admin.post(f"/admin/tenants/{tenant}/suspend").json() == suspended
    for method, path in (("GET", f"/v1/jobs/{job_id}"), ("POST", "/v1/jobs")):
        assert_problem(api.request(method, path, json=BODY), 403, "tenant-suspended")
    hand.run_one()

    assert admin.post(f"/admin/tenants/{tenant}/resume").json()["suspended_at"] is None
    assert api.get(f"/v1/jobs/{job_id}").json()["status"] == "succeeded"
    assert acts(admin, target=tenant) == [
        ("tenant.resumed", tenant),
        ("tenant.suspended", tenant),
    ]


def test_a_wrong_key_of_a_suspended_tenant_learns_nothing(
    admin: httpx.Client, api: httpx.Client, keys: Keys
) -> None:
    admin.post(f"/admin/tenants/{keys.tenant_id}/suspend")
    wrong = keys.first[:60] + ("A" if keys.first[60] != "A" else "B") + keys.first[61:]
    assert_problem(api.get("/v1/jobs", headers=bearer(wrong)), 401, "unauthorized")


def test_an_admin_ends_and_rotates_a_tenants_keys(admin: httpx.Client, keys: Keys) -> None:
    path = f"/admin/tenants/{keys.tenant_id}/keys"
    first = admin.post(path, json=KEY).json()
    second = admin.post(f"{path}/{first['id']}/rotate", json={"overlap_seconds": 0}).json()
    old, new = bearer(first["secret"]), bearer(second["secret"])
    assert_problem(admin.get("/v1/jobs", headers=old), 401, "unauthorized")
    assert admin.get("/v1/jobs", headers=new).status_code == 200
    assert admin.delete(f"{path}/{second['id']}").status_code == 200
    assert_problem(admin.get("/v1/jobs", headers=new), 401, "unauthorized")
    assert [act for act, _target in acts(admin)] == ["key.revoked", "key.rotated", "key.issued"]


def test_the_log_is_read_page_by_page_and_never_rewritten(admin: httpx.Client, keys: Keys) -> None:
    for number in range(5):
        admin.post("/admin/tenants", json={"name": f"team {number}"})
    seen, cursor = [], None
    for _page in range(5):
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = admin.get("/admin/acts", params=query).json()
        seen += [act["detail"]["name"] for act in page["data"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == [f"team {number}" for number in (4, 3, 2, 1, 0)]
    for statement in ("UPDATE admin_acts SET actor = 'nobody'", "DELETE FROM admin_acts"):
        with pytest.raises(ProgrammingError), transaction(keys.admin) as session:
            session.execute(text(statement))


def test_only_admins_come_in(api: httpx.Client, admin: httpx.Client, keys: Keys) -> None:
    everything_else = bearer(keys.make(*(scope for scope in Scope if scope is not Scope.ADMIN)))
    paths = [path for path in api.get("/openapi.json").json()["paths"] if path.startswith("/admin")]
    assert len(paths) >= 8
    for path in paths:
        for method in ("GET", "POST", "DELETE"):
            answer = api.request(method, path, headers=everything_else, json={})
            if answer.status_code != 405:
                assert_problem(answer, 403, "forbidden")


@pytest.mark.parametrize("tenant", ["ten_" + "0" * 32, "nobody", "%00"])
def test_a_tenant_that_is_not_there(admin: httpx.Client, tenant: str) -> None:
    for method, rest in (("GET", ""), ("POST", "/suspend"), ("POST", "/resume"), ("GET", "/keys")):
        answer = admin.request(method, f"/admin/tenants/{tenant}{rest}")
        assert_problem(answer, 404, "not-found")
