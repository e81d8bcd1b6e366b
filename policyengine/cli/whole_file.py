"""Files that commands write: the whole file or none."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write(target: Path, data: bytes) -> None:
    """Write a file, which gets its name when it is complete; the one that had the name stays until then."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(name, 0o644)
        os.replace(name, target)
    finally:
        Path(name).unlink(missing_ok=True)
