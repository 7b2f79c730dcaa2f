"""One tenant asks every route for another's things: each looks as if it never was.

The routes come from the OpenAPI document, so that a new one is probed without a word here; a new
kind of id in a path fails until it is taught.
"""

import base64
import itertools
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from shared.tenants.keys import Scope
from tests.integration.api.conftest import BODY, Hand, Keys, bearer
from tests.unit.shared.pictures import plain

EVERYTHING_BUT_ADMIN = tuple(scope for scope in Scope if scope is not Scope.ADMIN)
METHODS = ("get", "post", "patch", "put", "delete")
# Everybody's, and nobody's: the catalog, and links that carry their own signature.
SHARED = {"model_id", "image_id"}


@dataclass
class Estate:
    """What the first tenant has, by the names of path parameters."""

    ids: dict[str, str]
    image_id: str

    @property
    def texts(self) -> set[str]:
        """What must not be seen by others."""
        return {value for name, value in self.ids.items() if name != "index"} | {self.image_id}


@pytest.fixture
def owner(api: httpx.Client, keys: Keys) -> httpx.Client:
    api.headers.update(bearer(keys.make(*EVERYTHING_BUT_ADMIN)))
    return api


@pytest.fixture
def stranger(other: httpx.Client, keys: Keys) -> httpx.Client:
    other.headers.update(bearer(keys.make(*EVERYTHING_BUT_ADMIN, tenant="second")))
    return other


@pytest.fixture
def estate(owner: httpx.Client, keys: Keys, hand: Hand) -> Estate:
    job_id = owner.post("/v1/jobs", json=BODY).json()["id"]
    hand.run_one()
    for _job in range(2):
        owner.post("/v1/jobs", json=BODY)
    asset = owner.post("/v1/assets", files={"file": ("a.png", plain())}).json()
    key = owner.post("/v1/keys", json={"name": "theirs", "scopes": ["jobs:read"]}).json()
    image = owner.get(f"/v1/jobs/{job_id}").json()["images"][0]
    ids = {
        "job_id": job_id,
        "asset_id": asset["id"],
        "key_id": key["id"],
        "tenant_id": str(keys.tenant_id),
        "index": "0",
    }
    return Estate(ids, image["id"])


def never(value: str) -> str:
    """An id of the same kind that nothing has."""
    prefix, _, rest = value.partition("_")
    return f"{prefix}_{'0' * len(rest)}" if rest else value


def paths_of(api: httpx.Client) -> dict[str, Any]:
    paths: dict[str, Any] = api.get("/openapi.json").json()["paths"]
    return paths


def names_in(path: str) -> list[str]:
    return [part[1:-1] for part in path.split("/") if part.startswith("{")]


def told(answer: httpx.Response, ids: dict[str, str]) -> tuple[int, str]:
    """What an answer says beside the id it was asked for."""
    text = answer.text
    for value in (*ids.values(), *map(never, ids.values())):
        text = text.replace(value, "ID") if "_" in value else text
    return answer.status_code, text


def test_no_route_tells_of_a_strangers_things(
    owner: httpx.Client, stranger: httpx.Client, estate: Estate
) -> None:
    before = state_of(owner, estate)
    probed = 0
    for path, methods in paths_of(owner).items():
        names = names_in(path)
        if not names or SHARED & set(names):
            continue
        assert set(names) <= estate.ids.keys(), f"teach this test the ids of {path}"
        # Every id in every place: one that fits and those of other kinds.
        values = [
            [estate.ids[name]] if name == "index" else sorted(set(estate.ids.values()) - {"0"})
            for name in names
        ]
        for method, chosen in itertools.product(METHODS, itertools.product(*values)):
            if method not in methods:
                continue
            foreign = dict(zip(names, chosen, strict=True))
            unknown = {name: never(value) for name, value in foreign.items()}
            answers = [
                stranger.request(method, path.format(**ids), json={}) for ids in (foreign, unknown)
            ]
            seen = [told(answer, foreign) for answer in answers]
            assert seen[0] == seen[1], (method, path, foreign)
            assert seen[0][0] in {403, 404, 422}, (method, path, seen[0])
            probed += 1
    assert probed >= 60
    assert state_of(owner, estate) == before


def state_of(owner: httpx.Client, estate: Estate) -> list[object]:
    """What the owner sees of it, but links, which are new each time."""
    ids = estate.ids
    return [
        owner.get(f"/v1/jobs/{ids['job_id']}/images/0/receipt").json(),
        owner.get(f"/v1/assets/{ids['asset_id']}").json()["sha256"],
        owner.get(f"/v1/keys/{ids['key_id']}").json(),
        [(job["id"], job["status"]) for job in owner.get("/v1/jobs").json()["data"]],
    ]


def test_no_list_holds_a_strangers_things(
    owner: httpx.Client, stranger: httpx.Client, estate: Estate
) -> None:
    listed = 0
    for path, methods in paths_of(owner).items():
        if names_in(path) or "get" not in methods:
            continue
        mine, theirs = owner.get(path), stranger.get(path)
        assert not [text for text in estate.texts if text in theirs.text], path
        listed += bool([text for text in estate.texts if text in mine.text])
        parameters = {one["name"] for one in methods["get"].get("parameters", ())}
        cursor = (
            owner.get(path, params={"limit": 1}).json().get("next_cursor")
            if ({"cursor", "limit"} <= parameters and mine.status_code == httpx.codes.OK)
            else None
        )
        if cursor:
            page = stranger.get(path, params={"cursor": cursor})
            assert not [text for text in estate.texts if text in page.text], path
    assert listed >= 3  # or there was nothing to hide


def test_no_body_reaches_a_strangers_pictures(
    owner: httpx.Client, stranger: httpx.Client, estate: Estate
) -> None:
    asset, job = estate.ids["asset_id"], estate.ids["job_id"]

    def bodies(asset_id: str, job_id: str) -> list[dict[str, Any]]:
        pictures: list[dict[str, Any]] = [{"asset": asset_id}, {"job": job_id, "index": 0}]
        words = {"prompt": "a red circle"}
        own = {"base64": _base64()}
        return [
            *({"task": "image-to-image", **words, "image": one} for one in pictures),
            *({"task": "inpaint", **words, "image": one} for one in pictures),
            *({"task": "inpaint", **words, "image": own, "mask": one} for one in pictures),
            *(
                {"task": "outpaint", **words, "image": one, "margins": {"left": 32}}
                for one in pictures
            ),
            *({"task": "upscale", **words, "image": one} for one in pictures),
            *({"task": "variation", **words, "image": one} for one in pictures),
            *(
                {"task": "interpolate", **words, "start": {"image": one}, "end": {"image": own}}
                for one in pictures
            ),
            {"task": "variation", "source": {"job": job_id, "index": 0}},
        ]

    ids = {"asset_id": asset, "job_id": job}
    for foreign, unknown in zip(bodies(asset, job), bodies(never(asset), never(job)), strict=True):
        answers = [stranger.post("/v1/jobs", json=body) for body in (foreign, unknown)]
        seen = [told(answer, ids) for answer in answers]
        assert seen[0] == seen[1], foreign
        assert 400 <= seen[0][0] < 500, (foreign, seen[0])
        assert "input-not-found" in seen[0][1], (foreign, seen[0])
    assert stranger.get("/v1/jobs").json()["data"] == []


def _base64() -> str:
    return base64.b64encode(plain()).decode()
