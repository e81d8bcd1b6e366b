"""Every store: events in order, all or nothing, and one writer of two."""

from __future__ import annotations

import threading

import pytest

from policyengine.storage.open_store import open_store
from policyengine.storage.store import Conflict, Store, StoreUnavailable, head_of


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
