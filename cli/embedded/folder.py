"""Where the embedded servers keep their data and, if need be, their binaries."""

import secrets
from pathlib import Path

from cli.embedded.account import Account, is_reachable

LINK_NAME = "servers"
FALLBACK_PARENT = Path("/var/lib")


def open_servers_folder(home: Path, account: Account | None) -> Path:
    """Return the folder for the servers of `home`, made on first use.

    It is `home/servers`. Where the servers' account cannot reach that, it is a folder of its own
    under /var/lib, and `home/servers` is a link which names it.
    """
    link = home / LINK_NAME
    if link.is_symlink():
        return _make_enterable(link.readlink())
    if link.is_dir() or is_reachable(home, account):
        return _make_enterable(link)
    target = FALLBACK_PARENT / f"atelier-{secrets.token_hex(6)}"
    _make_enterable(target)
    link.symlink_to(target)
    return target


def _make_enterable(folder: Path) -> Path:
    folder.mkdir(mode=0o711, exist_ok=True)
    folder.chmod(0o711)
    return folder
