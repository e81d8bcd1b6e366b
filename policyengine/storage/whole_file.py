"""Files that are there as a whole or not at all: whoever reads one finds what it was or what it is now.

A file is written beside its target, where no other file system can lie between them, and gets its name when all of it
is on the disk. A process that is killed before leaves a file behind whose name begins with a dot, and nothing else.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

PRIVATE, PUBLIC = 0o600, 0o644
"""Readable by the owner alone, or by everybody."""


def write(target: Path, data: bytes, *, mode: int = PUBLIC, lasting: bool = False) -> None:
    """Write a file, in the place of the one that has the name. Raises OSError, and the old one stays.

    `lasting` waits until the name is on the disk, too: what is acknowledged then survives the loss of power.
    """
    with _beside(target, data, mode) as name:
        os.replace(name, target)
        if lasting:
            _sync(target.parent)


def create(target: Path, data: bytes) -> None:
    """Write a file whose name nobody has taken, and wait until it is on the disk; of two who try, one succeeds.

    Raises FileExistsError where the name is taken, OSError where the file cannot be written.
    """
    with _beside(target, data, PRIVATE) as name:
        os.link(name, target)
        _sync(target.parent)


@contextlib.contextmanager
def _beside(target: Path, data: bytes, mode: int) -> Iterator[str]:
    """A whole file in the same folder, which is gone in the end unless it has got another name."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, mode)
        yield name
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)


def _sync(folder: Path) -> None:
    """Wait until a folder's entries are on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
