"""JSON files that only their owner may read, replaced whole or not at all."""

import json
import os
from collections.abc import Mapping
from pathlib import Path


def write_private(path: Path, values: Mapping[str, object]) -> None:
    """Write `values` to `path`; whoever reads sees the old file or the new one."""
    partial = path.with_name(f"{path.name}.partial")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(values, file, indent=2)
        file.write("\n")
        file.flush()
        os.fsync(descriptor)
    partial.replace(path)
