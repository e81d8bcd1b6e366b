"""Files that are there as a whole or not at all: whoever reads one finds what it was or what it is now.

A file is written beside its target, where no other file system can lie between them, and gets its name when all of it
is on the disk. A process that is killed before leaves a file behind whose name begins with a dot, and nothing else.
"""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

PRIVATE, PUBLIC = 0o600, 0o644
"""Readable by the owner alone, or by everybody."""


def write(target: Path, data: bytes, *, mode: int = PUBLIC, lasting: bool = False) -> None:
    """Write a file, in the place of the one that has the name. Raises OSError, and the old one stays; so it does where
    the name is that of a device, a pipe or a folder, which nothing is put in the place of.

    `lasting` waits until the name is on the disk, too: what is acknowledged then survives the loss of power.
    """
    check(target)
    with _beside(target, data, mode) as name:
        os.replace(name, target)
        if lasting:
            _sync(target.parent)


def check(target: Path) -> None:
    """Whether a file can get this name, as far as that is known before it is written. Raises OSError."""
    if target.exists() and not target.is_file():
        raise FileExistsError(errno.EEXIST, "is no file that could be replaced", str(target))
    if not target.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "the folder is not there", str(target))


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
