"""Images as plain files under one folder."""

import os
import shutil
import tempfile
from pathlib import Path

from shared.images.store import ObjectMissing, StoreError


class FileImageStore:
    """`ImageStore` on a folder. It makes no links: the API serves the files."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def put(self, key: str, data: bytes, content_type: str) -> None:  # noqa: ARG002 - files carry no type
        """Write beside the place, then rename: a crash or a full disk leaves no half picture.

        Raises:
            StoreError: It is not stored.
        """
        path = self._path(key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=".part-")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                Path(name).replace(path)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
        except OSError as error:
            raise StoreError(f"cannot write {key}: {error.strerror}") from error

    def get(self, key: str) -> bytes:
        """Read the file.

        Raises:
            ObjectMissing: There is none.
            StoreError: It cannot be read.
        """
        try:
            return self._path(key).read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
            raise ObjectMissing(key) from error
        except OSError as error:
            raise StoreError(f"cannot read {key}: {error.strerror}") from error

    def delete_prefix(self, prefix: str) -> int:
        """Remove the folder, and the folders above it that hold nothing else.

        Raises:
            StoreError: The prefix is no folder, or some files are left.
        """
        if not prefix.endswith("/"):
            raise StoreError("a prefix ends with a slash")
        folder = self._path(prefix.rstrip("/"))
        count = sum(1 for path in folder.rglob("*") if path.is_file())
        try:
            shutil.rmtree(folder)
        except FileNotFoundError:
            return 0
        except OSError as error:
            raise StoreError(f"cannot remove {prefix}: {error.strerror}") from error
        self._prune(folder.parent)
        return count

    def find_link(self, key: str, lifetime_s: int, content_type: str) -> None:
        """Return None."""

    def check(self) -> None:
        """Return if the folder can be written.

        Raises:
            StoreError: It cannot.
        """
        try:
            self._root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"cannot make {self._root}: {error.strerror}") from error
        if not os.access(self._root, os.W_OK | os.X_OK):
            raise StoreError(f"cannot write in {self._root}")

    def _path(self, key: str) -> Path:
        path = (self._root / key).resolve()
        if not path.is_relative_to(self._root) or path == self._root:
            raise StoreError("the key leaves the store")
        return path

    def _prune(self, folder: Path) -> None:
        while folder != self._root:
            try:
                folder.rmdir()
            except OSError:
                return  # it still holds something
            folder = folder.parent
