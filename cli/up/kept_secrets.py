"""`DIR/secrets.json`: what must be the same at every start."""

import dataclasses
import json
import secrets
from pathlib import Path

from cli.errors import CommandError
from cli.up.private_file import write_private

FILE = "secrets.json"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class KeptSecrets:
    """Passwords of the embedded servers, the signing key, and the keys that `up` prints."""

    secret_key: str = dataclasses.field(repr=False)
    postgres_password: str = dataclasses.field(repr=False)
    login_password: str = dataclasses.field(repr=False)
    redis_password: str = dataclasses.field(repr=False)
    api_key: str | None = dataclasses.field(default=None, repr=False)
    admin_key: str | None = dataclasses.field(default=None, repr=False)


def open_secrets(home: Path) -> KeptSecrets:
    """Read the file, or make one.

    Raises:
        CommandError: the file is there and is not one of ours.
    """
    path = home / FILE
    try:
        return KeptSecrets(**json.loads(path.read_text()))
    except FileNotFoundError:
        made = KeptSecrets(
            secret_key=secrets.token_urlsafe(48),
            postgres_password=secrets.token_urlsafe(24),
            login_password=secrets.token_urlsafe(24),
            redis_password=secrets.token_urlsafe(24),
        )
        keep_secrets(home, made)
        return made
    except (ValueError, TypeError):
        msg = f"{path} is damaged: put its backup back, or start afresh with another --home"
        raise CommandError(msg) from None


def keep_secrets(home: Path, kept: KeptSecrets) -> None:
    """Write the file."""
    write_private(home / FILE, dataclasses.asdict(kept))
