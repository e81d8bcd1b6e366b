"""Hands that go past the registry into its store: what an intruder, or a fault of the machine, could do."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path


def rewrite(address: str, events: Mapping[int, bytes]) -> None:
    """Put these events in the place of all; the head stays as it is."""
    kind, _, path = address.partition(":")
    if kind == "folder":
        folder = Path(path) / "events"
        for file in folder.iterdir():
            file.unlink()
        for number, body in events.items():
            (folder / f"{number:012}.json").write_bytes(body)
        return
    clear, put = "DELETE FROM {}event", "INSERT INTO {}event VALUES ({})"
    _run(address, [(clear, ()), *((put, (number, body)) for number, body in events.items())])


def overwrite_blob(address: str, name: str, data: bytes | None) -> None:
    """Put other bytes into a blob, or take it away."""
    kind, _, path = address.partition(":")
    if kind == "folder":
        file = Path(path) / "blobs" / name.replace(":", "_")
        file.unlink() if data is None else file.write_bytes(data)
        return
    put = [] if data is None else [("INSERT INTO {}blob VALUES ({})", (name, data))]
    _run(address, [("DELETE FROM {}blob WHERE name = {}", (name,)), *put])


@contextlib.contextmanager
def taken_away(address: str) -> Iterator[None]:
    """The store cannot be reached meanwhile; in PostgreSQL its database must be nobody else's."""
    if address.startswith("postgresql:"):
        _let_in(address, False)
        yield
        _let_in(address, True)
        return
    path = Path(address.partition(":")[2])
    elsewhere = path.rename(path.with_name("elsewhere"))
    yield
    elsewhere.rename(path)


def _let_in(address: str, is_open: bool) -> None:
    """Let a database accept connections, or none any more; those that it has are ended."""
    import psycopg
    from psycopg.conninfo import conninfo_to_dict, make_conninfo

    said = conninfo_to_dict(address)
    name = said["dbname"]
    with psycopg.connect(make_conninfo(**{**said, "dbname": "postgres"}), autocommit=True) as server:
        server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS {is_open}")  # type: ignore[arg-type]
        server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (name,))


def _run(address: str, statements: list[tuple[str, tuple[object, ...]]]) -> None:
    if address.startswith("sqlite:"):
        db = sqlite3.connect(address.removeprefix("sqlite:"))
        with db:
            for text, values in statements:
                db.execute(_filled(text, "", values, "?"), values)
        db.close()
        return
    import psycopg

    with psycopg.connect(address) as server:
        for text, values in statements:
            server.execute(_filled(text, "policyengine_", values, "%s"), values)  # type: ignore[arg-type]


def _filled(text: str, prefix: str, values: tuple[object, ...], mark: str) -> str:
    return text.format(prefix, ", ".join([mark] * len(values)))
