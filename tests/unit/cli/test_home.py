"""The folder of `up`: room, privacy, secrets that stay, one run at a time."""

import dataclasses
import os
import stat
from pathlib import Path

import pytest

from cli.errors import CommandError
from cli.up.home import lock_home, open_home
from cli.up.kept_secrets import keep_secrets, open_secrets
from cli.up.logs import MAX_LOG_BYTES, limit_log, read_tail


def test_a_nearly_full_disk_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"nearly full: .* MB are free"):
        open_home(tmp_path / "home", 2**62)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CommandError, match=r"file/home: Not a directory"):
        open_home(tmp_path / "file" / "home", 0)


def test_the_folder_is_private(tmp_path: Path) -> None:
    open_home(tmp_path / "deep" / "home", 0)
    for path in (tmp_path / "deep" / "home", tmp_path / "deep" / "home" / "images"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700


def test_a_held_folder_names_its_holder_and_a_freed_one_is_taken(tmp_path: Path) -> None:
    held = lock_home(tmp_path, "http://127.0.0.1:1")
    with pytest.raises(CommandError, match=rf"process {os.getpid()}, http://127.0.0.1:1\."):
        lock_home(tmp_path, "http://127.0.0.1:2")
    os.close(held)
    os.close(lock_home(tmp_path, "http://127.0.0.1:2"))


def test_secrets_stay_the_same_and_stay_private(tmp_path: Path) -> None:
    first = open_secrets(tmp_path)
    assert open_secrets(tmp_path) == first
    with_key = dataclasses.replace(first, api_key="atl")
    keep_secrets(tmp_path, with_key)
    assert open_secrets(tmp_path) == with_key
    assert stat.S_IMODE((tmp_path / "secrets.json").stat().st_mode) == 0o600
    assert first.postgres_password not in repr(first)


def test_damaged_secrets_are_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "secrets.json").write_text("{")
    with pytest.raises(CommandError, match="damaged"):
        open_secrets(tmp_path)
    assert (tmp_path / "secrets.json").read_text() == "{"


def test_a_large_log_is_moved_while_its_writer_goes_on(tmp_path: Path) -> None:
    log = tmp_path / "api.log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"x" * (MAX_LOG_BYTES + 1))
        limit_log(log)
        writer.write(b"fresh\n")
    assert log.read_text() == "fresh\n"
    assert (tmp_path / "api.log.1").stat().st_size == MAX_LOG_BYTES + 1


def test_the_tail_begins_where_this_start_began(tmp_path: Path) -> None:
    log = tmp_path / "api.log"
    log.write_text("old\nnew\nnewest\n")
    assert read_tail(log, 4) == ["new", "newest"]
    assert read_tail(tmp_path / "absent.log", 0) == []
