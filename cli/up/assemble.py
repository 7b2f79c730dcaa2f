"""Settings of the service that `up` runs: what was given, and the rest chosen here."""

import hashlib
import socket
from pathlib import Path
from urllib.parse import quote

from pydantic import SecretStr

from cli.read_settings import read_settings
from cli.up.kept_secrets import KeptSecrets
from cli.up.servers import Servers, server_urls
from shared.config import Settings

DRAIN_GRACE_S = 10.0
ANY_ADDRESS = {"0.0.0.0", "::"}  # noqa: S104 - compared with, never bound to


def assemble_settings(given: Settings, home: Path, kept: KeptSecrets, servers: Servers) -> Settings:
    """Fill in what the environment leaves open. Nothing that was given is replaced."""
    chosen = {
        "home": home,
        "store_url": SecretStr(f"file://{quote(str(home / 'images'))}"),
        "public_url": local_url(given),
        "drain_grace_s": DRAIN_GRACE_S,
        "profiles": home / "profiles",
        # the same at each start: a worker begins by releasing what its last life still held
        "worker_id": f"{socket.gethostname()}-{hashlib.sha256(bytes(home)).hexdigest()[:8]}",
    }
    left_open = {
        name: value for name, value in chosen.items() if name not in given.model_fields_set
    }
    update = left_open | server_urls(servers, given, kept) | {"home": home}
    return given.model_copy(update=update)


def read_given(host: str | None, port: int | None, kept_secret_key: str) -> Settings:
    """Read the environment and the command line; the kept signing key serves if none is given."""
    return read_settings(kept_secret_key, host=host, port=port)


def local_url(settings: Settings) -> str:
    """Return the address of the API as seen from this machine."""
    host = "127.0.0.1" if settings.host in ANY_ADDRESS else settings.host
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"
