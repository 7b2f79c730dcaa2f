"""What a newcomer meets: the first start, and what it says."""

import json
import re
import shlex
import stat
from pathlib import Path

import httpx
import psycopg
import pytest
from PIL import Image

from tests.running_up import RunningUp, run_atelier, up_in


def test_each_part_says_one_line_and_the_end_names_page_key_and_places(up: RunningUp) -> None:
    parts = ("postgres", "redis", "database", "sweep", "api", "worker", "welcome", "ready")
    for part in parts:
        assert len(re.findall(rf"^{part} +\S", up.text, re.MULTILINE)) == 1, up.text
    key = up.read_up_file()["api_key"]
    assert f"{up.url}/#key={key}\n" in up.text
    assert str(up.home / "images") in up.text
    assert str(up.home / "logs") in up.text
    assert re.search(r"worker +ready on the (CPU|GPU)", up.text)


def test_the_welcome_picture_went_through_the_whole_stack(up: RunningUp) -> None:
    with Image.open(up.home / "welcome.png") as picture:
        assert picture.size == (128, 128)
    assert list((up.home / "images").rglob("*.png"))
    listed = run_atelier("jobs", "list", "--json", f"--home={up.home}")
    oldest = json.loads(listed.stdout)["data"][-1]
    assert oldest["status"] == "succeeded"


def test_the_printed_curl_makes_a_picture(up: RunningUp) -> None:
    found = re.search(r"^  (curl (?:.*\\\n)*.*)$", up.text, re.MULTILINE)
    assert found is not None
    words = shlex.split(found[1].replace("\\\n", " "))
    headers = dict(words[i + 1].split(": ", 1) for i, word in enumerate(words) if word == "-H")
    body = words[words.index("-d") + 1]
    answer = httpx.post(words[2], headers=headers, content=body, timeout=60)
    assert answer.status_code == 201
    assert answer.json()["status"] == "succeeded"


def test_secrets_are_for_their_owner_alone(up: RunningUp) -> None:
    assert stat.S_IMODE(up.home.stat().st_mode) == 0o700
    for name in ("up.json", "run.json", "secrets.json"):
        assert stat.S_IMODE((up.home / name).stat().st_mode) == 0o600
    assert set(up.read_up_file()) == {"url", "api_key", "admin_key", "pid"}
    kept = json.loads((up.home / "secrets.json").read_text())
    for one in up.known.values():
        line = " ".join(one.cmdline())
        assert not [name for name, secret in kept.items() if secret in line]


def test_the_database_is_real_and_checks_its_pages(up: RunningUp) -> None:
    url = json.loads((up.home / "run.json").read_text())["database_url"]
    with psycopg.connect(url) as connection:
        assert connection.execute("SHOW data_checksums").fetchone() == ("on",)
        found = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        assert found.fetchone() == (False,)
    without_password = re.sub(r":[^:@/]+@", "@", url)
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(without_password)


def test_a_second_start_on_the_same_folder_says_who_holds_it(up: RunningUp) -> None:
    refused = run_atelier("up", f"--home={up.home}", "--port=1")
    assert refused.returncode == 1
    assert up.process is not None
    assert f"process {up.process.pid}" in refused.stderr
    assert up.url in refused.stderr
    assert httpx.get(f"{up.url}/readyz").is_success


def test_a_used_port_is_named_before_anything_starts(up: RunningUp, tmp_path: Path) -> None:
    with up_in(tmp_path) as other:
        refused = run_atelier("up", f"--home={other.home}", f"--port={up.port}")
        assert refused.returncode == 1
        assert f"port {up.port} of 127.0.0.1" in refused.stderr
        assert "--port" in refused.stderr
        assert not (other.home / "servers").exists()
        assert not (other.home / "up.json").exists()


def test_admin_makes_keys_that_work_until_revoked(up: RunningUp) -> None:
    home = f"--home={up.home}"
    made = run_atelier("admin", "keys", "create", "--name=for a test", "--json", home)
    key = json.loads(made.stdout)
    headers = {"Authorization": f"Bearer {key['secret']}"}
    assert httpx.get(f"{up.url}/v1/jobs", headers=headers).is_success
    assert key["id"] in run_atelier("admin", "keys", "list", home).stdout
    assert run_atelier("admin", "keys", "revoke", key["id"], home).returncode == 0
    assert httpx.get(f"{up.url}/v1/jobs", headers=headers).status_code == 401
    assert run_atelier("admin", "keys", "revoke", "key_0", home).stderr.count("\n") == 1


def test_admin_opens_tenants_that_see_nothing_of_each_other(up: RunningUp) -> None:
    home = f"--home={up.home}"
    assert run_atelier("admin", "tenants", "create", "another", home).returncode == 0
    assert "another" in run_atelier("admin", "tenants", "list", home).stdout
    made = run_atelier("admin", "keys", "create", "--tenant=another", home)
    listed = run_atelier(
        "jobs", "list", "--json", f"--url={up.url}", f"--key={made.stdout.strip()}"
    )
    assert json.loads(listed.stdout)["data"] == []
    assert "no tenant" in run_atelier("admin", "keys", "list", "--tenant=nobody", home).stderr
