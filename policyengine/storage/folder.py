"""A store in a folder: one file an event, one file a blob. For a laptop, a test, or a volume that many only read.

A file gets its name when it is complete and on the disk. The name of an event is linked, which fails where it exists:
so of two writers one wins, and a process that dies leaves the folder as it was or with the event, never between.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Mapping
from pathlib import Path

from policyengine.errors import StoreUnavailable
from policyengine.storage import whole_file
from policyengine.storage.polled import PolledStore
from policyengine.storage.store import Conflict, Head, NoStore, head_of

_EVENT = re.compile(r"([0-9]{12})\.json")
_BLOB = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,199}")


class FolderStore(PolledStore):
    """A store in `folder`, which is made where it does not exist, unless `make` is False: then it is NoStore."""

    poll_seconds = 0.05

    def __init__(self, folder: Path, *, make: bool = True) -> None:
        super().__init__()
        self.name = str(folder)
        self._events, self._blobs, self._head = folder / "events", folder / "blobs", folder / "head"
        try:
            if make:
                self._events.mkdir(parents=True, exist_ok=True)
                self._blobs.mkdir(exist_ok=True)
            elif not (self._events.is_dir() and self._blobs.is_dir()):
                raise NoStore(f"there is no registry at `{folder}`")
        except OSError as fault:
            raise _unavailable(folder, fault) from None

    def append(self, number: int, event: bytes, blobs: Mapping[str, bytes] | None = None) -> None:
        last = self._last()
        if last >= number:
            raise Conflict(f"event {number} has been written by somebody else")
        if last != number - 1:
            raise Conflict(f"event {number} cannot follow on event {last}")
        try:
            self._keep({name: data for name, data in (blobs or {}).items() if not self._blob_file(name).exists()})
            whole_file.create(self._events / f"{number:012}.json", event)
        except FileExistsError:
            raise Conflict(f"event {number} has been written by somebody else") from None
        except OSError as fault:
            raise _unavailable(self._events, fault) from None
        # The event is written, whatever becomes of the head: one that is behind is put right by the next event.
        with contextlib.suppress(OSError):
            head = head_of(number, event)
            self._write(self._head, f"{head.number} {head.digest}".encode())

    def keep(self, blobs: Mapping[str, bytes]) -> None:
        """Write blobs that are not there, or are not these any more, without an event. Raises StoreUnavailable."""
        try:
            self._keep({name: data for name, data in blobs.items() if self.blob(name) != data})
        except OSError as fault:
            raise _unavailable(self._blobs, fault) from None

    def _keep(self, blobs: Mapping[str, bytes]) -> None:
        for name, data in blobs.items():
            self._write(self._blob_file(name), data)

    @staticmethod
    def _write(target: Path, data: bytes) -> None:
        whole_file.write(target, data, mode=whole_file.PRIVATE, lasting=True)

    def events(self, after: int = 0) -> list[bytes]:
        try:
            return [(self._events / f"{number:012}.json").read_bytes() for number in self._numbers() if number > after]
        except OSError as fault:
            raise _unavailable(self._events, fault) from None

    def blob(self, name: str) -> bytes | None:
        try:
            return self._blob_file(name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as fault:
            raise _unavailable(self._blobs, fault) from None

    def head(self) -> Head | None:
        try:
            number, _, digest = self._head.read_text("ascii").partition(" ")
            return Head(int(number), digest)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as fault:
            raise _unavailable(self._head, fault) from None

    def has_more(self, after: int) -> bool:
        try:
            self._events.stat()  # a volume that is gone is not one without news
            return (self._events / f"{after + 1:012}.json").exists()
        except OSError as fault:
            raise _unavailable(self._events, fault) from None

    def close(self) -> None:
        """Nothing is held."""

    def _numbers(self) -> list[int]:
        return sorted(int(found[1]) for entry in os.scandir(self._events) if (found := _EVENT.fullmatch(entry.name)))

    def _last(self) -> int:
        try:
            return max(self._numbers(), default=0)
        except OSError as fault:
            raise _unavailable(self._events, fault) from None

    def _blob_file(self, name: str) -> Path:
        if not _BLOB.fullmatch(name):
            raise StoreUnavailable(f"`{name}` is no name of a blob")
        return self._blobs / name.replace(":", "_")


def _unavailable(path: Path, fault: Exception) -> StoreUnavailable:
    said = fault.strerror if isinstance(fault, OSError) and fault.strerror else str(fault)
    return StoreUnavailable(f"{path}: {said}")
