"""Settings for one command, with a plain sentence where they do not hold."""

import json
from pathlib import Path

import platformdirs
from pydantic import ValidationError

from cli.errors import CommandError
from shared.config import Settings, variable_of

RUN_FILE = "run.json"
PLACEHOLDER_KEY = "x" * 32


def read_settings(fallback_secret_key: str | None = None, /, **given: object) -> Settings:
    """Read the environment.

    Args:
        fallback_secret_key: Serves where the environment has no SECRET_KEY.
        given: Values that stand over the environment, unless they are None.

    Raises:
        CommandError: a variable is missing or does not fit.
    """
    values = {name: value for name, value in given.items() if value is not None}
    try:
        return Settings(**values)  # type: ignore[arg-type]
    except ValidationError as error:
        if fallback_secret_key is not None and _lacks_secret_key(error):
            return read_settings(None, **values, secret_key=fallback_secret_key)
        raise CommandError(_describe(error)) from None


def _lacks_secret_key(error: ValidationError) -> bool:
    return any(one["type"] == "missing" and one["loc"] == ("secret_key",) for one in error.errors())


def _describe(error: ValidationError) -> str:
    lines = []
    for one in error.errors():
        name = str(one["loc"][0]).lower().removeprefix("atelier_") if one["loc"] else ""
        variable = variable_of(name) if name in Settings.model_fields else name.upper()
        lines.append(f"{variable}: {one['msg']}")
    return "settings that do not hold: " + "; ".join(lines)


def find_home(home: Path | None) -> Path:
    """Return the folder of `atelier up`: as given, of the environment, or the user's own."""
    chosen = home or read_settings(PLACEHOLDER_KEY).home
    return (chosen or platformdirs.user_data_path("atelier")).expanduser().absolute()


def read_admin_settings(home: Path | None) -> Settings:
    """Read settings for work on the database: of the environment, else of a running `up`.

    Raises:
        CommandError: neither names a database.
    """
    settings = read_settings(PLACEHOLDER_KEY)
    if "database_url" in settings.model_fields_set and home is None:
        return settings
    run_file = find_home(home) / RUN_FILE
    try:
        urls = json.loads(run_file.read_text())
    except (OSError, ValueError):
        msg = f"set DATABASE_URL, or start `atelier up` ({run_file} is not there)"
        raise CommandError(msg) from None
    return read_settings(PLACEHOLDER_KEY, **urls)
