"""What every image store promises, on a folder and on a real S3 server."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from pydantic import SecretStr

from shared.config import Settings
from shared.images.file_store import FileImageStore
from shared.images.make_store import StoreUrlInvalid, make_store
from shared.images.store import ImageStore, ObjectMissing, StoreError
from tests.servers import RunningS3, make_settings

SECRET_DATABASE = "postgresql://nobody@127.0.0.1:1/none"


def settings_for(store_url: str) -> Settings:
    return make_settings(database_url=SECRET_DATABASE, store_url=store_url)


@pytest.fixture(params=["file", "s3", "s3-prefix"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ImageStore]:
    if request.param == "file":
        yield make_store(settings_for(f"file://{tmp_path / 'images'}"))
        return
    server: RunningS3 = request.getfixturevalue("s3_server")
    url = server.store_url(server.create_bucket())
    if request.param == "s3-prefix":
        url = url.replace("?", "/some/prefix?", 1)
    yield make_store(settings_for(url))


def test_what_is_put_is_read(store: ImageStore) -> None:
    store.put("t/j/1/0.png", b"\x89PNG", "image/png")
    assert store.get("t/j/1/0.png") == b"\x89PNG"


def test_putting_again_replaces(store: ImageStore) -> None:
    store.put("t/j/1/0.png", b"first", "image/png")
    store.put("t/j/1/0.png", b"second, longer", "image/png")
    assert store.get("t/j/1/0.png") == b"second, longer"


def test_a_missing_object_is_said_to_be_missing(store: ImageStore) -> None:
    with pytest.raises(ObjectMissing):
        store.get("t/j/1/0.png")


def test_delete_prefix_takes_all_below_it_and_nothing_beside_it(store: ImageStore) -> None:
    for key in ("t/j/1/0.png", "t/j/1/1.png", "t/j/2/0.png", "t/j2/1/0.png", "t/k/1/0.png"):
        store.put(key, b"x", "image/png")
    assert store.delete_prefix("t/j/1/") == 2
    assert store.delete_prefix("t/j/") == 1
    assert store.delete_prefix("t/j/") == 0
    assert store.get("t/j2/1/0.png") == b"x"
    assert store.get("t/k/1/0.png") == b"x"


def test_a_prefix_without_its_slash_is_refused(store: ImageStore) -> None:
    store.put("t/j2/1/0.png", b"x", "image/png")
    with pytest.raises(StoreError):
        store.delete_prefix("t/j")
    assert store.get("t/j2/1/0.png") == b"x"


def test_a_link_reads_without_a_key_or_there_is_none(store: ImageStore) -> None:
    store.put("t/j/1/0.png", b"bytes", "image/png")
    link = store.find_link("t/j/1/0.png", 60, "image/png")
    if isinstance(store, FileImageStore):
        assert link is None
        return
    assert link is not None
    assert httpx.get(link, timeout=5).content == b"bytes"
    tampered = link.replace("/0.png", "/1.png")
    assert httpx.get(tampered, timeout=5).status_code in {400, 403}


def test_a_living_store_says_so(store: ImageStore) -> None:
    store.check()


def test_a_dead_s3_server_is_an_error_of_the_store() -> None:
    dead = make_store(settings_for("s3://k:s@bucket?endpoint=http://127.0.0.1:1"))
    with pytest.raises(StoreError):
        dead.check()
    with pytest.raises(StoreError):
        dead.put("t/j/1/0.png", b"x", "image/png")
    with pytest.raises(StoreError):
        dead.get("t/j/1/0.png")


def test_links_are_signed_for_the_public_endpoint() -> None:
    settings = settings_for("s3://k:s@bucket?endpoint=http://127.0.0.1:1").model_copy(
        update={"store_public_url": "https://pictures.example"}
    )
    link = make_store(settings).find_link("t/j/1/0.png", 60, "image/png")
    assert link is not None
    assert urlsplit(link)[:3] == ("https", "pictures.example", "/bucket/t/j/1/0.png")


def test_no_key_leaves_the_folder(tmp_path: Path) -> None:
    store = FileImageStore(tmp_path / "images")
    for key in ("../outside", "/etc/passwd", "t/../../outside", ""):
        with pytest.raises(StoreError):
            store.put(key, b"x", "image/png")
    assert list(tmp_path.rglob("outside")) == []


def test_a_full_disk_leaves_no_half_picture(tmp_path: Path) -> None:
    store = FileImageStore(Path("/dev/full") / "images")
    with pytest.raises(StoreError):
        store.put("t/j/1/0.png", b"x", "image/png")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("ftp://x", "file:// or s3://"),
        ("s3://?endpoint=http://h", "no bucket"),
        ("s3://b?endpiont=http://h", "endpiont"),
    ],
)
def test_a_store_url_that_is_not_understood_says_why(url: str, says: str) -> None:
    settings = settings_for("file:///x").model_copy(update={"store_url": SecretStr(url)})
    with pytest.raises(StoreUrlInvalid, match=says):
        make_store(settings)
