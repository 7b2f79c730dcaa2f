"""Which weights made a picture."""

import hashlib
from functools import lru_cache
from pathlib import Path


def weights_hash(path: Path) -> str:
    """Return the hash of a model's safetensors, which their names and places are part of.

    A file is read once for as long as its size and time of change stay the same. By hand, in the
    model's folder: `find * -name '*.safetensors' | LC_ALL=C sort | xargs sha256sum | sha256sum`.

    Args:
        path: The folder of the model.

    Raises:
        ValueError: It holds no safetensors.
    """
    files = sorted(
        (file.relative_to(path).as_posix(), file) for file in path.rglob("*.safetensors")
    )
    if not files:
        raise ValueError(f"{path} holds no safetensors")
    digest = hashlib.sha256()
    for name, file in files:
        seen = file.stat()
        digest.update(f"{_file_hash(file, seen.st_size, seen.st_mtime_ns)}  {name}\n".encode())
    return digest.hexdigest()


@lru_cache(maxsize=1024)
def _file_hash(file: Path, _size_bytes: int, _changed_at_ns: int) -> str:
    """Hash one file; what follows it only tells a changed file from the one hashed before."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
