"""Object storage, as the few operations this program needs."""

from typing import Protocol


class StoreError(Exception):
    """The store did not do what it was asked; asking again may help."""


class ObjectMissing(StoreError):
    """There is no object under that key."""


class ImageStore(Protocol):
    """Write once by key, read, remove, hand out links. Safe to use from several threads."""

    def put(self, key: str, data: bytes, content_type: str) -> None:
        """Store `data` under `key` whole or not at all; the same key again replaces it.

        Raises:
            StoreError: It is not stored.
        """
        ...

    def get(self, key: str) -> bytes:
        """Return the object under `key`.

        Raises:
            ObjectMissing: There is none.
            StoreError: The store does not answer.
        """
        ...

    def delete_prefix(self, prefix: str) -> int:
        """Remove every object whose key starts with `prefix`; returns how many there were.

        Raises:
            StoreError: Some may be left.
        """
        ...

    def find_link(self, key: str, lifetime_s: int, content_type: str) -> str | None:
        """Return a link that reads `key` with no API key, or None where the store makes none."""
        ...

    def check(self) -> None:
        """Return if the store answers.

        Raises:
            StoreError: It does not.
        """
        ...
