"""`/v1/keys`: a tenant keeps its own keys."""

import time

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from shared.config import Settings
from shared.db import Role, close_sessions, make_sessions, set_tenant, transaction
from shared.tenants.keys import Scope
from tests.integration.api.conftest import Keys, assert_problem, bearer

ASKED = {"name": "for the build", "scopes": ["jobs:read"]}


@pytest.fixture
def keeper(api: httpx.Client, keys: Keys) -> httpx.Client:
    """The first tenant, by a key that may keep keys."""
    api.headers.update(bearer(keys.make(Scope.KEYS, Scope.JOBS_READ)))
    return api


def test_a_key_is_shown_once_works_and_ends(keeper: httpx.Client) -> None:
    answer = keeper.post("/v1/keys", json=ASKED)
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    issued = answer.json()
    secret = issued.pop("secret")
    assert keeper.get(f"/v1/keys/{issued['id']}").json() == issued
    assert secret not in keeper.get("/v1/keys").text
    assert issued["last_used_at"] is None
    assert keeper.get("/v1/jobs", headers=bearer(secret)).status_code == 200
    used = keeper.get(f"/v1/keys/{issued['id']}").json()["last_used_at"]
    assert used is not None

    ended = keeper.delete(f"/v1/keys/{issued['id']}").json()
    assert ended["revoked_at"] is not None
    assert keeper.delete(f"/v1/keys/{issued['id']}").json() == ended
    assert_problem(keeper.get("/v1/jobs", headers=bearer(secret)), 401, "unauthorized")
    assert issued["id"] in {row["id"] for row in keeper.get("/v1/keys").json()["data"]}


def test_a_key_gives_no_more_than_it_has(keeper: httpx.Client) -> None:
    for scope in ("jobs:write", "admin"):
        asked = ASKED | {"scopes": ["jobs:read", scope]}
        body = assert_problem(keeper.post("/v1/keys", json=asked), 403, "scope-not-held")
        assert scope in str(body["detail"])


def test_a_stronger_key_is_not_rotated_by_a_weaker_one(keeper: httpx.Client, keys: Keys) -> None:
    strong = keys.make(Scope.JOBS_WRITE).split("_")[2]
    answer = keeper.post(f"/v1/keys/key_{strong}/rotate")
    assert_problem(answer, 403, "scope-not-held")


def test_both_keys_work_while_they_overlap(keeper: httpx.Client) -> None:
    first = keeper.post("/v1/keys", json=ASKED).json()
    answer = keeper.post(f"/v1/keys/{first['id']}/rotate", json={"overlap_seconds": 1})
    assert answer.status_code == 201
    second = answer.json()
    assert (second["name"], second["scopes"]) == (first["name"], first["scopes"])
    assert keeper.get("/v1/jobs", headers=bearer(first["secret"])).status_code == 200
    assert keeper.get("/v1/jobs", headers=bearer(second["secret"])).status_code == 200
    time.sleep(1.1)
    assert_problem(keeper.get("/v1/jobs", headers=bearer(first["secret"])), 401, "unauthorized")
    assert keeper.get("/v1/jobs", headers=bearer(second["secret"])).status_code == 200
    assert_problem(keeper.post(f"/v1/keys/{first['id']}/rotate"), 404, "not-found")


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"name": "a\u0000b"}, "/name"),
        ({"scopes": []}, "/scopes"),
        ({"scopes": ["jobs:all"]}, "/scopes/0"),
        ({"expires_at": "tomorrow"}, "/expires_at"),
        ({"expires_at": "2026-01-01T00:00:00"}, "/expires_at"),
        ({"secret": "mine"}, "/secret"),
    ],
)
def test_what_a_key_cannot_be(
    keeper: httpx.Client, change: dict[str, object], pointer: str
) -> None:
    body = assert_problem(keeper.post("/v1/keys", json=ASKED | change), 422, "validation")
    assert isinstance(body["errors"], list)
    assert [one["pointer"] for one in body["errors"]] == [pointer]


def test_another_tenants_key_is_as_if_it_never_was(
    keeper: httpx.Client, other: httpx.Client, keys: Keys
) -> None:
    mine = keeper.post("/v1/keys", json=ASKED).json()["id"]
    never = f"key_{'0' * 32}"
    foreigner = bearer(keys.make(Scope.KEYS, Scope.JOBS_READ, tenant="second"))
    for method, rest in (("GET", ""), ("DELETE", ""), ("POST", "/rotate")):
        foreign = other.request(method, f"/v1/keys/{mine}{rest}", headers=foreigner)
        unknown = other.request(method, f"/v1/keys/{never}{rest}", headers=foreigner)
        assert_problem(foreign, 404, "not-found")
        assert foreign.text.replace(mine, never) == unknown.text
    listed = other.get("/v1/keys", headers=foreigner).json()["data"]
    assert mine not in {row["id"] for row in listed}


def test_the_scope_is_needed(api: httpx.Client) -> None:
    assert_problem(api.get("/v1/keys"), 403, "forbidden")
    assert_problem(api.post("/v1/keys", json=ASKED), 403, "forbidden")


def test_no_statement_of_the_api_reads_the_hash_of_a_secret(settings: Settings, keys: Keys) -> None:
    sessions = make_sessions(settings, Role.API)
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        transaction(sessions) as session,
    ):
        set_tenant(session, keys.tenant_id)
        session.execute(text("SELECT secret_hash FROM api_keys"))
    close_sessions(sessions)
