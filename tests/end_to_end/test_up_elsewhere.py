"""`atelier up` as others run it: with servers of their own, as an ordinary user."""

import contextlib
import json
import os
import re
import signal
import time
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.running_up import RunningUp, run_atelier, up_in
from tests.servers import RunningPostgres, RunningRedis, RunningS3

# Inside a user namespace root is somebody else: no rights over others' files, and no root to
# the programs that refuse it. The account needs a name, which this one has everywhere.
ORDINARY_USER = ("unshare", "--user", "--map-user=65534", "--map-group=65534")


def _make_picture(up: RunningUp, folder: Path) -> None:
    made = run_atelier("generate", "x", "-o", str(folder / "out.png"), f"--home={up.home}")
    assert made.returncode == 0, made.stderr


def test_named_servers_are_used_and_none_is_started(
    postgres: RunningPostgres, clean_redis: RunningRedis, s3_server: RunningS3, tmp_path: Path
) -> None:
    name = postgres.create_database()
    bucket = s3_server.create_bucket()
    variables = {
        "DATABASE_URL": postgres.database_url(name),
        "MIGRATIONS_DATABASE_URL": postgres.superuser_url(name),
        "REDIS_URL": clean_redis.url(),
        "STORE_URL": s3_server.store_url(bucket),
    }
    with up_in(tmp_path, variables=variables) as up:
        up.start()
        up.await_ready()
        names = {one.name() for one in up.known.values()}
        assert not names & {"postgres", "redis-server"}
        with psycopg.connect(postgres.superuser_url(name)) as connection:
            assert connection.execute("SELECT count(*) FROM jobs").fetchone() == (1,)
        assert s3_server.client().list_objects_v2(Bucket=bucket)["KeyCount"] >= 1
        assert s3_server.secret_key not in up.text
        assert up.stop() == 0
        assert up.living() == []
    postgres.drop_database(name)


def test_a_named_server_that_is_not_there_is_said(tmp_path: Path) -> None:
    with up_in(tmp_path) as up:
        home = f"--home={up.home}"
        port = f"--port={up.port}"
        url = "postgresql://nobody:hidden@127.0.0.1:1/nothing"
        refused = run_atelier("up", home, port, DATABASE_URL=url)
        assert refused.returncode == 1
        assert "DATABASE_URL" in refused.stderr
        assert "hidden" not in refused.stderr + refused.stdout
        refused = run_atelier("up", home, port, REDIS_URL="redis://127.0.0.1:1/0")
        assert refused.returncode == 1
        assert "REDIS_URL" in refused.stderr


def test_an_ordinary_user_with_a_private_umask_gets_there_too(tmp_path: Path) -> None:
    shell = ("sh", "-c", 'umask 077; exec "$@"', "sh")
    wrapper = (*ORDINARY_USER, *shell) if os.geteuid() == 0 else shell
    with up_in(tmp_path, wrapper=wrapper) as up:
        up.start()
        up.await_ready()
        assert (up.home / "servers").is_dir()
        assert not (up.home / "servers").is_symlink()
        _make_picture(up, tmp_path)
        assert up.stop() == 0
        assert up.living() == []


def test_a_full_disk_ends_nothing_and_work_goes_on_when_there_is_room(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    # a small disk that exists for this `up` alone; root's servers keep their data on it too
    script = (
        f'mount -t tmpfs -o size=600m,mode=711 none "{disk}" && '
        f'{{ test "$(id -u)" != 0 || mount --bind "{disk}" /var/lib; }} && exec "$@"'
    )
    as_root = ("unshare", "--mount")
    as_user = ("unshare", "--user", "--map-current-user", "--keep-caps", "--mount")
    wrapper = (*(as_root if os.geteuid() == 0 else as_user), "sh", "-c", script, "sh")
    with up_in(tmp_path, home=disk / "home", wrapper=wrapper) as up:
        up.start()
        up.await_ready()
        assert up.process is not None
        full = Path(f"/proc/{up.process.pid}/root{disk}/full")
        with pytest.raises(OSError, match="No space left"), full.open("wb") as file:
            while True:
                file.write(bytes(1 << 20))
        key = re.findall(r"^key +(\S+)$", up.text, re.MULTILINE)[0]
        headers = {"Authorization": f"Bearer {key}"}
        body = {"task": "text-to-image", "prompt": "x"}
        with contextlib.suppress(httpx.HTTPError):
            httpx.post(f"{up.url}/v1/jobs", headers=headers, json=body, timeout=5)
        time.sleep(3)
        assert up.process.poll() is None
        full.unlink()
        command = ("generate", "x", "-o", str(tmp_path / "out.png"))
        made = run_atelier(*command, f"--url={up.url}", f"--key={key}")
        assert made.returncode == 0, made.stderr + up.text
        assert up.stop() == 0
        assert up.living() == []


def test_a_broken_worker_start_shows_the_end_of_its_log(tmp_path: Path) -> None:
    with up_in(tmp_path, variables={"ATELIER_CATALOG": "/nowhere/catalog.toml"}) as up:
        up.start()
        assert up.process is not None
        assert up.process.wait(timeout=120) == 1
        assert "/nowhere/catalog.toml" in up.text
        assert str(up.home / "logs") in up.text


def test_ctrl_c_while_it_starts_leaves_nothing(tmp_path: Path) -> None:
    with up_in(tmp_path) as up:
        up.start()
        up.wait_for(lambda: "redis " in up.text, 60)
        up.wait_for(lambda: any(up.find_processes("cli.main", "api")), 60)
        up.note_processes()
        assert up.stop(signal.SIGINT) == 0
        assert up.living() == []
        assert not (up.home / "up.json").exists()


def test_health_names_each_part(up: RunningUp) -> None:
    ready = httpx.get(f"{up.url}/readyz").json()
    assert json.dumps(ready).count("ok") >= 3
