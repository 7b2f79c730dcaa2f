"""Settings: read from the environment, and handed to a child process without loss."""

import pytest
from pydantic import SecretStr, ValidationError

from shared.config import Settings, process_environment, variable_of

SECRET = "s" * 40


def test_plain_and_prefixed_variables_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", SECRET)
    monkeypatch.setenv("PORT", "8123")
    monkeypatch.setenv("ATELIER_LEASE_S", "3")
    monkeypatch.setenv("OUTBOUND_ALLOWED_HOSTS", "a.example, b.example,")
    settings = Settings()
    assert (settings.port, settings.lease_s) == (8123, 3)
    assert settings.outbound_allowed_hosts == ("a.example", "b.example")


def test_a_short_secret_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "short")
    with pytest.raises(ValidationError, match="at least 32"):
        Settings()


def test_a_child_reads_back_the_same_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATELIER_SLOTS", "3")
    monkeypatch.setenv("DATABASE_URL", "postgresql://elsewhere/db")
    settings = Settings(
        secret_key=SecretStr(SECRET),
        database_url=SecretStr("postgresql://here/db"),
        outbound_allowed_hosts=("a.example",),
        lease_s=1.5,
        slots=8,
    )
    environment = process_environment(settings)
    assert environment["DATABASE_URL"] == "postgresql://here/db"
    assert "ATELIER_SLOTS" not in environment
    for name in list(environment):
        monkeypatch.setenv(name, environment[name])
    monkeypatch.delenv("ATELIER_SLOTS")
    assert Settings() == settings


def test_every_setting_has_one_variable_and_a_description() -> None:
    variables = [variable_of(name) for name in Settings.model_fields]
    assert len(set(variables)) == len(variables)
    assert all(field.description for field in Settings.model_fields.values())


def test_secrets_do_not_show() -> None:
    settings = Settings(
        secret_key=SecretStr(SECRET), database_url=SecretStr("postgresql://u:pw@h/d")
    )
    assert SECRET not in repr(settings)
    assert "pw" not in repr(settings)
