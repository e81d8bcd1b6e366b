"""Every store: events in order, all or nothing, and one writer of two."""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import sqlite3
import threading
from pathlib import Path
from urllib.parse import quote

import pytest
from registry.databases import new_database

from policyengine.errors import StoreUnavailable
from policyengine.storage.open_store import open_store
from policyengine.storage.sqlite import SqliteStore
from policyengine.storage.store import Conflict, NoStore, Store, head_of


def test_events_and_blobs_are_kept(store: Store, address: str) -> None:
    store.append(1, b"one", {"sha256:aa": b"data"})
    store.append(2, b"two", {"sha256:aa": b"other"})

    with open_store(address) as again:
        assert again.events() == [b"one", b"two"]
        assert again.events(1) == [b"two"]
        assert again.blob("sha256:aa") == b"data"
        assert again.blob("sha256:bb") is None
        assert again.head() == head_of(2, b"two")


@pytest.mark.parametrize("number", [1, 3])
def test_a_number_that_is_not_the_next_is_refused(store: Store, number: int) -> None:
    store.append(1, b"one")

    with pytest.raises(Conflict):
        store.append(number, b"again", {"x": b"y"})
    assert (store.events(), store.blob("x")) == ([b"one"], None)


def test_of_many_writers_one_wins(address: str) -> None:
    won: list[int] = []
    lost: list[int] = []
    barrier = threading.Barrier(6)

    def write(who: int) -> None:
        with open_store(address) as own:
            barrier.wait()
            for number in range(1, 11):
                try:
                    own.append(number, f"{who}".encode())
                    won.append(number)
                except Conflict:
                    lost.append(number)

    threads = [threading.Thread(target=write, args=(who,)) for who in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(won) == list(range(1, 11))
    assert len(lost) == 50


def test_waiting_ends_with_an_event(store: Store, address: str) -> None:
    assert not store.wait(0, 0.01)
    with open_store(address) as other:
        other.append(1, b"one")
    assert store.wait(0, 5)


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(StoreUnavailable, match="no store is called `redis`"):
        open_store("redis://host/1")


def test_a_place_that_cannot_be_written_is_told(tmp_path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "file"
    file.write_bytes(b"no database, and no folder either")

    for address in (f"folder:{file / 'x'}", f"sqlite:{file}"):
        with pytest.raises(StoreUnavailable, match="file"), open_store(address) as opened:
            opened.append(1, b"one")


def test_a_place_without_a_store_is_left_as_it_is(address: str) -> None:
    """Whoever only asks makes none."""
    for _ in range(2):
        with pytest.raises(NoStore, match="no registry"):
            open_store(address, make=False)


@pytest.mark.parametrize("call", ["fsync", "link", "replace"])
@pytest.mark.parametrize("number", [1, 2])
def test_a_full_disk_is_told(tmp_path, monkeypatch, call: str, number: int) -> None:  # type: ignore[no-untyped-def]
    """At whatever step it is full: the folder holds the event as a whole, or nothing of it, and goes on later."""
    with open_store(f"folder:{tmp_path / 'registry'}") as store:
        store.append(1, b"one", {"sha256:aa": b"data"})
        whole, calls = getattr(os, call), itertools.count(1)

        def full(*arguments: object, **named: object) -> object:
            if next(calls) >= number:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return whole(*arguments, **named)

        monkeypatch.setattr(os, call, full)
        try:
            store.append(2, b"two", {"sha256:bb": b"more"})
            is_told = False
        except StoreUnavailable as fault:
            is_told = "No space left" in str(fault)
        monkeypatch.undo()

        written = store.events()
        assert written in ([b"one"], [b"one", b"two"])
        assert is_told or written == [b"one", b"two"]
        store.append(len(written) + 1, b"more")
        assert store.events() == [*written, b"more"]
        assert store.head() == head_of(len(written) + 1, b"more")
        assert [] == list((tmp_path / "registry" / "events").glob(".*"))


def test_a_full_database_is_told(tmp_path: Path) -> None:
    """SQLite may grow no further: nothing of the event is there, and it goes on when it may."""
    with SqliteStore(tmp_path / "registry.db") as store:
        store.append(1, b"one")
        (pages,) = store._db.execute("PRAGMA page_count").fetchone()
        store._db.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StoreUnavailable, match="full"):
            store.append(2, b"two", {"x": bytes(100_000)})
        assert (store.events(), store.blob("x"), store.head()) == ([b"one"], None, head_of(1, b"one"))

        store._db.execute("PRAGMA max_page_count = 1000000")
        store.append(2, b"two", {"x": bytes(100_000)})
        assert store.events() == [b"one", b"two"]


def test_a_full_server_is_told() -> None:
    """PostgreSQL says so in the middle of a transaction, after the artifact and the event were written."""
    address = new_database()
    import psycopg

    full = "BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END"
    with open_store(address) as store, psycopg.connect(address, autocommit=True) as server:
        store.append(1, b"one")
        server.execute(f"CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $${full}$$")  # type: ignore[arg-type]
        server.execute(
            "CREATE TRIGGER full_disk BEFORE UPDATE ON policyengine_head FOR EACH ROW EXECUTE FUNCTION full_disk()"
        )
        with pytest.raises(StoreUnavailable, match="could not extend"):
            store.append(2, b"two", {"x": b"data"})
        assert (store.events(), store.blob("x"), store.head()) == ([b"one"], None, head_of(1, b"one"))

        server.execute("DROP TRIGGER full_disk ON policyengine_head")
        store.append(2, b"two", {"x": b"data"})
        assert store.events() == [b"one", b"two"]


def test_a_password_is_in_no_message() -> None:
    """Neither of a store that cannot be reached nor of an address that is none."""
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    for address in (
        "postgresql://ada:sesame@127.0.0.1:1/x",
        "postgresql://ada:sesame@h/x?nonsense=1",
        "postgresql://ada:sesame@[::1/x",
        "postgresql://ada:pass@sesame@127.0.0.1:1/x",
        "postgresql://ada:%zzsesame@127.0.0.1:1/x",
        "postgres+driver://ada:sesame@h/x",
        "mysql://a:sesame@h/x",
    ):
        with pytest.raises(StoreUnavailable) as raised:
            open_store(address)
        assert "sesame" not in str(raised.value)


def test_a_lost_connection_is_opened_again() -> None:
    """The question that meets it is told, and so is one that waits; the next one is answered."""
    address = new_database()
    import psycopg

    with open_store(address) as store:
        store.append(1, b"one")
        assert not store.wait(1, 0.01)
        with psycopg.connect(address, autocommit=True) as server:
            server.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

        with pytest.raises(StoreUnavailable, match="postgresql://"):
            store.events()
        assert store.events() == [b"one"]
        with pytest.raises(StoreUnavailable):
            store.wait(1, 0.01)
        with open_store(address) as other:
            other.append(2, b"two")
        assert store.wait(1, 5)


def test_waiting_is_ended_by_the_announcement() -> None:
    """While nothing is asked in between."""
    address = new_database()
    with open_store(address) as store, open_store(address) as other:
        timer = threading.Timer(0.1, other.append, (1, b"one"))
        timer.start()

        assert store.wait(0, 30)
        timer.join()


def test_a_table_that_is_there_is_used_without_the_right_to_make_one() -> None:
    """A service may have a role that only reads."""
    address = new_database()
    import psycopg

    with open_store(address) as store:
        store.append(1, b"one", {"x": b"data"})
    reader = address.replace("postgres:@", "reader@")
    with psycopg.connect(address, autocommit=True) as server:
        server.execute("DO $$ BEGIN CREATE ROLE reader LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
        server.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")

    with open_store(reader, make=False) as store:
        assert (store.events(), store.blob("x"), store.head()) == ([b"one"], b"data", head_of(1, b"one"))
        with pytest.raises(StoreUnavailable, match="permission denied"):
            store.append(2, b"two")


def test_waiting_is_interrupted(store: Store) -> None:
    """That which is under way, and what is begun later."""
    waiting = threading.Thread(target=store.wait, args=(0, 86_400), daemon=True)
    waiting.start()
    waiting.join(0.2)
    assert waiting.is_alive()

    store.interrupt()
    waiting.join(60)
    assert not waiting.is_alive()
    assert not store.wait(0, 86_400)


@pytest.mark.parametrize("kind", ["folder", "sqlite"])
def test_what_belongs_to_others_is_left_as_it_is(kind: str, tmp_path: Path) -> None:
    """A folder or a database that is there and no registry is not made one by who only asks."""
    place = tmp_path / "place"
    if kind == "folder":
        place.mkdir()
        (place / "bundle.yaml").write_bytes(b"policyengine: 1")
    else:
        with contextlib.closing(sqlite3.connect(place)) as db, db:
            db.execute("CREATE TABLE event (anything)")
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}

    with pytest.raises(NoStore, match="no registry"):
        open_store(f"{kind}:{place}", make=False)
    assert before == {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}


def test_an_empty_address_is_not_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises(StoreUnavailable, match="empty"):
        open_store("")
    assert not list(tmp_path.iterdir())


def test_nothing_is_written_into_a_file_that_was_removed(tmp_path: Path) -> None:
    """SQLite would, and the event would be lost with the process that was told that it is there."""
    path = tmp_path / "registry.db"
    with SqliteStore(path) as store:
        store.append(1, b"one")
        path.unlink()

        with pytest.raises(StoreUnavailable, match="No such file"):
            store.append(2, b"two")


def test_a_wrong_password_is_told_and_not_shown() -> None:
    """As libpq says it, which names the user only."""
    address = new_database()
    import psycopg

    said = psycopg.conninfo.conninfo_to_dict(address)
    with psycopg.connect(address, autocommit=True) as server:
        server.execute(
            "DO $$ BEGIN CREATE ROLE locked LOGIN PASSWORD 'sesame'; EXCEPTION WHEN others THEN NULL; END $$"
        )
        (hba,) = server.execute("SHOW hba_file").fetchone() or ("",)
        rules = Path(hba).read_bytes()
        Path(hba).write_bytes(b"local all locked scram-sha-256\n" + rules)
        server.execute("SELECT pg_reload_conf()")
        try:
            wrong = psycopg.conninfo.make_conninfo(**{**said, "user": "locked", "password": "open"})
            url = f"postgresql://locked:opensesame@/{said['dbname']}?host={quote(str(said['host']), safe='')}"
            with pytest.raises(psycopg.OperationalError, match="password"):
                psycopg.connect(wrong)
            with pytest.raises(StoreUnavailable, match="password authentication failed") as raised:
                open_store(url)
        finally:
            Path(hba).write_bytes(rules)
            server.execute("SELECT pg_reload_conf()")
    assert "opensesame" not in str(raised.value)
