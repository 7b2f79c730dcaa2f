"""The account that embedded servers run as: PostgreSQL refuses to run as root."""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

ACCOUNT_NAME = "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A user and group that a server process changes to before it starts."""

    user_id: int
    group_id: int


def find_server_account() -> Account | None:
    """Return the account for the servers, or None where our own will do (we are not root)."""
    if os.geteuid() != 0:
        return None
    entry = pwd.getpwnam(ACCOUNT_NAME)
    return Account(user_id=entry.pw_uid, group_id=entry.pw_gid)


def is_reachable(path: Path, account: Account | None) -> bool:
    """Say whether the account may enter (or run) `path` and every folder above it.

    Access lists beyond the mode bits are not looked at: a wrong "no" costs one copy of the servers.
    """
    if account is None:
        return True
    resolved = path.resolve()
    return all(_may_enter(one.stat(), account) for one in (resolved, *resolved.parents))


def _may_enter(found: os.stat_result, account: Account) -> bool:
    if found.st_uid == account.user_id:
        return bool(found.st_mode & stat.S_IXUSR)
    if found.st_gid == account.group_id:
        return bool(found.st_mode & stat.S_IXGRP)
    return bool(found.st_mode & stat.S_IXOTH)


def make_folder_for(account: Account | None, path: Path) -> None:
    """Make `path`, private to the account."""
    path.mkdir(mode=0o700, exist_ok=True)
    path.chmod(0o700)
    if account is not None:
        os.chown(path, account.user_id, account.group_id)


def write_file_for(account: Account | None, path: Path, text: str) -> None:
    """Write `text` to `path`, private to the account."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        if account is not None:
            os.fchown(descriptor, account.user_id, account.group_id)
        file.write(text)
