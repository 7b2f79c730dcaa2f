"""Settings of commands, and what is said where they do not hold."""

import json
from pathlib import Path

import pytest

from cli.errors import CommandError
from cli.read_settings import find_home, read_admin_settings, read_settings


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SECRET_KEY", "DATABASE_URL", "PORT", "ATELIER_HOME", "ATELIER_LEASE_S"):
        monkeypatch.delenv(name, raising=False)


def test_a_missing_secret_is_named() -> None:
    with pytest.raises(CommandError, match="SECRET_KEY: Field required"):
        read_settings()


def test_a_wrong_value_is_named_by_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "many")
    monkeypatch.setenv("ATELIER_LEASE_S", "-1")
    with pytest.raises(CommandError) as raised:
        read_settings("k" * 32)
    assert "PORT: " in str(raised.value)
    assert "ATELIER_LEASE_S: " in str(raised.value)


def test_the_command_line_stands_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "9000")
    assert read_settings("k" * 32).port == 9000
    assert read_settings("k" * 32, port=9001, host=None).port == 9001


def test_the_fallback_key_yields_to_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_settings("k" * 32).secret_key.get_secret_value() == "k" * 32
    monkeypatch.setenv("SECRET_KEY", "e" * 32)
    assert read_settings("k" * 32).secret_key.get_secret_value() == "e" * 32


def test_home_comes_from_the_option_then_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert find_home(None).name == "atelier"
    monkeypatch.setenv("ATELIER_HOME", str(tmp_path))
    assert find_home(None) == tmp_path
    assert find_home(Path("~/here")) == Path.home() / "here"


def test_admin_finds_the_database_of_a_running_up(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(CommandError, match="atelier up"):
        read_admin_settings(tmp_path)
    run = {"database_url": "postgresql://run", "redis_url": "redis://run"}
    (tmp_path / "run.json").write_text(json.dumps(run))
    found = read_admin_settings(tmp_path)
    assert found.database_url.get_secret_value() == "postgresql://run"
    monkeypatch.setenv("DATABASE_URL", "postgresql://named")
    assert read_admin_settings(None).database_url.get_secret_value() == "postgresql://named"
