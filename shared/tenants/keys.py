"""The shape of an API key: `atl_live_<key id>_<secret><checksum>`.

The prefix lets scanners recognise a leaked key, the checksum lets them dismiss a false one without
asking us, the id finds the row, and only the secret proves anything.
"""

import hashlib
import re
import secrets
import string
import zlib
from dataclasses import dataclass, field
from enum import StrEnum

from shared.ids import KeyId, new_key_id

_ALPHABET = string.digits + string.ascii_letters
_SECRET_LENGTH = 43  # 62**43 > 2**256
_CHECKSUM_LENGTH = 6  # 62**6 > 2**32
_SHAPE = re.compile(
    rf"atl_live_([0-9a-f]{{32}})_([0-9A-Za-z]{{{_SECRET_LENGTH}}})([0-9A-Za-z]{{{_CHECKSUM_LENGTH}}})"
)


class Scope(StrEnum):
    """What a key may do."""

    JOBS_WRITE = "jobs:write"
    JOBS_READ = "jobs:read"
    USAGE_READ = "usage:read"
    KEYS = "keys"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class PresentedKey:
    """A key as a caller shows it: whose it claims to be, and the hash that proves it."""

    key_id: KeyId
    secret_hash: bytes = field(repr=False)


def new_api_key() -> tuple[str, PresentedKey]:
    """Return a fresh key to be shown once, and the part of it to be kept."""
    key_id = new_key_id()
    secret = "".join(secrets.choice(_ALPHABET) for _ in range(_SECRET_LENGTH))
    body = f"atl_live_{key_id.removeprefix('key_')}_{secret}"
    return body + _checksum(body), PresentedKey(key_id, _hash(secret))


def find_presented_key(text: str) -> PresentedKey | None:
    """Return what `text` claims to be, or None where it cannot be a key."""
    match = _SHAPE.fullmatch(text)
    if match is None or _checksum(text[:-_CHECKSUM_LENGTH]) != match[3]:
        return None
    return PresentedKey(KeyId(f"key_{match[1]}"), _hash(match[2]))


def _hash(secret: str) -> bytes:
    # a plain hash is enough: the secret is 256 random bits, not a password someone chose
    return hashlib.sha256(secret.encode()).digest()


def _checksum(body: str) -> str:
    value, digits = zlib.crc32(body.encode()), ""
    for _ in range(_CHECKSUM_LENGTH):
        value, digit = divmod(value, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return digits
