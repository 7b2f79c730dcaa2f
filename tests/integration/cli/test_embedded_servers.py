"""The servers from the wheels start from anywhere, and after any end."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import redis

from cli.embedded.account import find_server_account
from cli.embedded.binaries import POSTGRES_PACKAGE, REDIS_PACKAGE, find_binaries, find_site
from cli.embedded.folder import open_servers_folder
from cli.embedded.postgres import Postgres, is_postgres_ready, prepare_postgres
from cli.embedded.process import find_free_port, start_process, stop_process, wait_until
from tests.servers import run_postgres, run_redis, server_folder


def _copy_wheels(target: Path) -> None:
    for name in (POSTGRES_PACKAGE, f"{POSTGRES_PACKAGE}.libs", REDIS_PACKAGE):
        source = find_site() / name
        if source.is_dir():
            shutil.copytree(source, target / name, symlinks=True)


def test_servers_start_from_a_clone_and_a_home_that_only_we_can_enter(tmp_path: Path) -> None:
    """Pytest's folders are private to us, as a clone under a 0700 folder is."""
    _copy_wheels(tmp_path / "site")
    account = find_server_account()
    home = tmp_path / "my home"
    home.mkdir(mode=0o700)
    folder = open_servers_folder(home, account)
    try:
        assert open_servers_folder(home, account) == folder
        binaries = find_binaries(tmp_path / "site", folder, account)
        assert (folder in binaries.postgres.parents) == (account is not None)
        server = Postgres(
            folder=folder / "postgres", port=find_free_port(), password="p", account=account
        )
        command = prepare_postgres(server, binaries, {"LC_ALL": "C"})
        process = start_process(command, tmp_path / "postgres.log")
        try:
            wait_until(lambda: is_postgres_ready(server.url(database="postgres")), process, 30)
        finally:
            stop_process(process, command.stop_signal, 20)
    finally:
        if folder != home / "servers":
            shutil.rmtree(folder)


def test_a_database_survives_the_death_of_its_server() -> None:
    with server_folder() as folder, run_postgres(folder) as running:
        name = running.create_database()
        url = running.superuser_url(name)
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
        running.process.send_signal(signal.SIGKILL)
        running.process.wait()
        running.start()
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT one FROM kept").fetchone() == (1,)


def test_a_server_left_running_is_stopped_and_a_strangers_number_is_left_alone() -> None:
    with server_folder() as folder, run_postgres(folder) as running:
        left = running.process
        running.start()
        assert left.wait(timeout=10) == 0
        stranger = subprocess.Popen((sys.executable, "-c", "import time; time.sleep(60)"))
        running.process.kill()
        running.process.wait()
        pid_file = running.server.data / "postmaster.pid"
        lines = pid_file.read_text().splitlines()
        pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        running.start()
        assert stranger.poll() is None
        stranger.kill()
        stranger.wait()


def test_an_interrupted_first_start_is_begun_again() -> None:
    with server_folder() as folder:
        account = find_server_account()
        partial = folder / "postgres" / "data.partial"
        partial.mkdir(parents=True)
        (partial / "PG_VERSION").write_text("18\n")
        if account is not None:
            for path in (partial.parent, partial, partial / "PG_VERSION"):
                os.chown(path, account.user_id, account.group_id)
        with run_postgres(folder) as running:
            assert not partial.exists()
            assert (running.server.data / "PG_VERSION").exists()


def test_redis_keeps_what_it_was_told_over_a_kill() -> None:
    with server_folder() as parent:
        folder = parent / 'a "folder" with spaces'
        folder.mkdir()
        folder.chmod(0o711)  # whatever the umask
        _keep_over_a_kill(folder)


def _keep_over_a_kill(folder: Path) -> None:
    with run_redis(folder) as running:
        with redis.Redis.from_url(running.url()) as client:
            client.set("a", "b")
            client.config_set("appendfsync", "always")
            client.set("c", "d")
            policy = client.config_get("maxmemory-policy")
        assert policy == {"maxmemory-policy": "noeviction"}
        running.process.kill()
        running.process.wait()
        running.start()
        with redis.Redis.from_url(running.url(), decode_responses=True) as client:
            assert client.get("c") == "d"
