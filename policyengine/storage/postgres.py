"""A store in a PostgreSQL database: for services on many machines.

An event is one transaction; of two writers the primary key lets one pass. Each event is announced with NOTIFY, so that
`wait` ends at once. A connection that is lost is opened again by the next question.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from collections.abc import Iterator, Mapping
from typing import Any

from policyengine.errors import StoreUnavailable
from policyengine.storage.store import Conflict, Head, NoStore, Store, head_of

try:
    import psycopg
    from psycopg import conninfo
except ImportError as missing:
    hint = "install it with `pip install 'billing-policyengine[postgres]'`"
    raise StoreUnavailable(f"a registry in PostgreSQL needs psycopg ({missing}); {hint}") from None

CHANNEL = "policyengine_event"
PATIENCE = {"connect_timeout": 10, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3,
            "tcp_user_timeout": 20_000}  # fmt: skip
"""When a server that says nothing is given up (libpq's words, in s and ms), unless the address says otherwise."""
_MAKING = 7_205_759_403
"""The advisory lock of those who make the tables at the same time."""
_SCHEMA = """
CREATE TABLE IF NOT EXISTS policyengine_event (number bigint PRIMARY KEY, body bytea NOT NULL);
CREATE TABLE IF NOT EXISTS policyengine_blob (name text PRIMARY KEY, body bytea NOT NULL);
CREATE TABLE IF NOT EXISTS policyengine_head (
    only_one integer PRIMARY KEY CHECK (only_one = 1), number bigint NOT NULL, digest text NOT NULL
);
"""
_IS_MADE = "SELECT to_regclass('policyengine_head') IS NOT NULL"
_PUT_HEAD = """
INSERT INTO policyengine_head VALUES (1, %s, %s)
ON CONFLICT (only_one) DO UPDATE SET number = excluded.number, digest = excluded.digest
"""
Connection = psycopg.Connection[tuple[Any, ...]]


class PostgresStore(Store):
    """A store in the database of a `postgresql://` URL; its tables are made in the first schema of the search path."""

    def __init__(self, url: str, *, make: bool = True) -> None:
        """Raises NoStore where the tables are not there and `make` is False, StoreUnavailable."""
        self._lock, self._waiting = threading.Lock(), threading.Lock()
        self._connection: Connection | None = None
        self._listener: Connection | None = None
        said = _parsed(url)
        self._conninfo = conninfo.make_conninfo("", **{**PATIENCE, **said})
        # The bell can be read from `interrupt` on: who waits for the server waits for it, too.
        self._bell, self._ringer = socket.socketpair()
        self.name = f"postgresql://{said.get('host') or 'localhost'}/{said.get('dbname') or ''}"
        try:
            self._prepare(make)
        except StoreUnavailable:
            self.close()
            raise

    def _prepare(self, make: bool) -> None:
        with self._asking() as db:
            if db.execute(_IS_MADE).fetchone() == (True,):
                return
            if not make:
                raise NoStore(f"there is no registry at `{self.name}`")
            with db.transaction():
                db.execute("SELECT pg_advisory_xact_lock(%s)", (_MAKING,))
                db.execute(_SCHEMA)

    def append(self, number: int, event: bytes, blobs: Mapping[str, bytes] | None = None) -> None:
        with self._asking() as db:
            try:
                with db.transaction():
                    _append(db, number, event, blobs or {})
            except psycopg.errors.UniqueViolation:
                raise Conflict(f"event {number} has been written by somebody else") from None

    def events(self, after: int = 0) -> list[bytes]:
        question = "SELECT body FROM policyengine_event WHERE number > %s ORDER BY number"
        with self._asking() as db:
            return [body for (body,) in db.execute(question, (after,), binary=True)]

    def blob(self, name: str) -> bytes | None:
        with self._asking() as db:
            question = "SELECT body FROM policyengine_blob WHERE name = %s"
            found = db.execute(question, (name,), binary=True).fetchone()
        return None if found is None else found[0]

    def head(self) -> Head | None:
        with self._asking() as db:
            found = db.execute("SELECT number, digest FROM policyengine_head").fetchone()
        return None if found is None else Head(*found)

    def wait(self, after: int, seconds: float) -> bool:
        with self._waiting, self._told():
            if self._listener is None:
                self._listener = self._connected()
                self._listener.execute(f"LISTEN {CHANNEL}")
            if self._has_more(after):  # asked only now: what is written from here on is announced
                return True
            with selectors.DefaultSelector() as ready:
                ready.register(self._listener.fileno(), selectors.EVENT_READ)
                ready.register(self._bell, selectors.EVENT_READ)
                while found := ready.select(seconds):
                    if any(key.fileobj is self._bell for key, _ in found):
                        return False
                    if list(self._listener.notifies(timeout=0)):  # the server may say other things, too
                        return self._has_more(after)
            return False

    def interrupt(self) -> None:
        with contextlib.suppress(OSError):  # it is closed
            self._ringer.send(b"!")

    def _has_more(self, after: int) -> bool:
        with self._asking() as db:
            question = "SELECT EXISTS (SELECT FROM policyengine_event WHERE number > %s)"
            return db.execute(question, (after,)).fetchone() == (True,)

    def close(self) -> None:
        self.interrupt()
        with self._waiting, self._lock:
            self._bell.close()
            self._ringer.close()
            for connection in (self._connection, self._listener):
                if connection is not None:
                    connection.close()
            self._connection = self._listener = None

    @contextlib.contextmanager
    def _asking(self) -> Iterator[Connection]:
        """The connection, for one thread at a time."""
        with self._lock, self._told():
            if self._connection is None or self._connection.closed:
                self._connection = self._connected()
            yield self._connection

    def _connected(self) -> Connection:
        return psycopg.connect(self._conninfo, autocommit=True)

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """What the database says is told as ours."""
        try:
            yield
        except psycopg.Error as fault:
            if self._listener is not None and self._listener.closed:
                self._listener = None
            raise StoreUnavailable(f"{self.name}: {_first_line(fault)}") from None


def _append(db: Connection, number: int, event: bytes, blobs: Mapping[str, bytes]) -> None:
    found = db.execute("SELECT coalesce(max(number), 0) FROM policyengine_event").fetchone()
    last = 0 if found is None else found[0]
    if last >= number:
        raise Conflict(f"event {number} has been written by somebody else")
    if last != number - 1:
        raise Conflict(f"event {number} cannot follow on event {last}")
    for name, data in blobs.items():
        db.execute("INSERT INTO policyengine_blob VALUES (%s, %b) ON CONFLICT DO NOTHING", (name, data))
    db.execute("INSERT INTO policyengine_event VALUES (%s, %b)", (number, event))
    head = head_of(number, event)
    db.execute(_PUT_HEAD, (head.number, head.digest))
    db.execute("SELECT pg_notify(%s, %s)", (CHANNEL, str(number)))


def _parsed(url: str) -> dict[str, Any]:
    """What an address says. What libpq says of a wrong one is not told: it cites the address, password and all."""
    try:
        said: dict[str, Any] = conninfo.conninfo_to_dict(url)
    except psycopg.Error:
        said = {"host": "@"}
    if "@" in (said.get("host") or ""):  # the rest of a password that has one
        hint = "write it as postgresql://user@host/database, and `%40` for an `@` in a password"
        raise StoreUnavailable(f"this is no address of a PostgreSQL database ({hint})") from None
    return said


def _first_line(fault: Exception) -> str:
    return str(fault).strip().partition("\n")[0] or type(fault).__name__
