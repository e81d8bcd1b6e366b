"""A store in one SQLite file: the default, for one machine and many processes.

Every write is one transaction that takes the lock at its beginning; `synchronous=FULL` makes an acknowledged event
survive the loss of power.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

from policyengine.errors import StoreUnavailable
from policyengine.storage.polled import PolledStore
from policyengine.storage.store import Conflict, Head, NoStore, head_of

LOCK_SECONDS = 10.0
_SCHEMA = """
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS event (number INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS blob (name TEXT PRIMARY KEY, body BLOB NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS head (
    only INTEGER PRIMARY KEY CHECK (only = 1), number INTEGER NOT NULL, digest TEXT NOT NULL
) STRICT;
COMMIT;
"""
_IS_MADE = "SELECT count(*) = 3 FROM sqlite_schema WHERE name IN ('event', 'blob', 'head')"


class SqliteStore(PolledStore):
    """A store in the file `path`, which is made where it does not exist, unless `make` is False: then it is NoStore."""

    poll_seconds = 0.02

    def __init__(self, path: Path, *, make: bool = True) -> None:
        super().__init__()
        self.name, self._path = str(path), path
        self._lock = threading.Lock()
        if not make and not path.is_file():
            raise NoStore(f"there is no registry at `{path}`")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, timeout=LOCK_SECONDS, isolation_level=None, check_same_thread=False)
        except (OSError, sqlite3.Error) as fault:
            raise StoreUnavailable(f"{path}: {fault}") from None
        try:
            self._prepare(make)
        except StoreUnavailable:
            self._db.close()
            raise

    def _prepare(self, make: bool) -> None:
        with self._asking():
            is_made = self._db.execute(_IS_MADE).fetchone() == (1,)
            if not is_made and not make:
                raise NoStore(f"there is no registry in `{self.name}`")
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            if not is_made:
                self._db.executescript(_SCHEMA)
        self._file = self._stat()

    def append(self, number: int, event: bytes, blobs: Mapping[str, bytes] | None = None) -> None:
        self._check_place()  # what is written into a file without a name is lost with this process
        with self._asking(), self._db:  # which commits, or takes everything back
            self._db.execute("BEGIN IMMEDIATE")
            (last,) = self._db.execute("SELECT coalesce(max(number), 0) FROM event").fetchone()
            if last >= number:
                raise Conflict(f"event {number} has been written by somebody else")
            if last != number - 1:
                raise Conflict(f"event {number} cannot follow on event {last}")
            for name, data in (blobs or {}).items():
                self._db.execute("INSERT OR IGNORE INTO blob VALUES (?, ?)", (name, data))
            self._db.execute("INSERT INTO event VALUES (?, ?)", (number, event))
            head = head_of(number, event)
            self._db.execute("INSERT OR REPLACE INTO head VALUES (1, ?, ?)", (head.number, head.digest))

    def events(self, after: int = 0) -> list[bytes]:
        with self._asking():
            rows = self._db.execute("SELECT body FROM event WHERE number > ? ORDER BY number", (after,))
            return [bytes(body) for (body,) in rows]

    def blob(self, name: str) -> bytes | None:
        with self._asking():
            found = self._db.execute("SELECT body FROM blob WHERE name = ?", (name,)).fetchone()
        return None if found is None else bytes(found[0])

    def head(self) -> Head | None:
        with self._asking():
            found = self._db.execute("SELECT number, digest FROM head").fetchone()
        return None if found is None else Head(*found)

    def has_more(self, after: int) -> bool:
        self._check_place()
        with self._asking():
            return self._db.execute("SELECT 1 FROM event WHERE number > ? LIMIT 1", (after,)).fetchone() is not None

    def _check_place(self) -> None:
        """Whether the file is still there: an open one can be used after its name is gone, or is another one's."""
        if not os.path.samestat(self._stat(), self._file):
            raise StoreUnavailable(f"{self.name}: another file is in its place")

    def _stat(self) -> os.stat_result:
        try:
            return self._path.stat()
        except OSError as fault:
            raise StoreUnavailable(f"{self.name}: {fault.strerror}") from None

    def close(self) -> None:
        with self._lock:
            self._db.close()

    @contextlib.contextmanager
    def _asking(self) -> Iterator[None]:
        """One thread at a time; what SQLite says is told as ours."""
        with self._lock:
            try:
                yield
            except sqlite3.Error as fault:
                raise StoreUnavailable(f"{self.name}: {fault}") from None
