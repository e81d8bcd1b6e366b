"""The history shows whatever has been done to it."""

from __future__ import annotations

import json

import pytest
from registry.tampering import overwrite_blob, rewrite

from policyengine.clock import now
from policyengine.registry import events, scopes
from policyengine.registry.events import BrokenHistory
from policyengine.registry.registry import Registry
from policyengine.storage.open_store import open_store
from policyengine.storage.store import Head, head_of
from policyengine.values.instant import Timestamp

WRITTEN: list[bytes] = []
_before = events.FIRST
for _number in range(1, 7):
    _said = {"bundle": "b", "name": str(_number), "tenants": ["acme"]}
    _body = events.encode(_number, _before, Timestamp(_number), "ada", "cohort", _said)
    _before = events.digest(_body)
    WRITTEN.append(_body)
HEAD = head_of(6, WRITTEN[-1])


def edited(body: bytes, **change: object) -> bytes:
    return json.dumps({**json.loads(body), **change}, sort_keys=True, separators=(",", ":")).encode()


def without(number: int) -> list[bytes]:
    return [*WRITTEN[: number - 1], *WRITTEN[number:]]


NOBODY = {"bundle": "b", "name": "x", "tenants": []}
FORGED = events.encode(4, events.digest(WRITTEN[2]), Timestamp(4), "eve", "cohort", NOBODY)
"""An event that fits to what is before it: the next one does not fit to it."""


@pytest.mark.parametrize(
    ("written", "number"),
    [
        pytest.param([*WRITTEN[:2], edited(WRITTEN[2], actor="eve"), *WRITTEN[3:]], 3, id="an edit"),
        pytest.param([*WRITTEN[:3], FORGED, *WRITTEN[4:]], 4, id="a forged event"),
        pytest.param([*WRITTEN[:2], WRITTEN[2].replace(b'":', b'": ', 1), *WRITTEN[3:]], 3, id="another layout"),
        pytest.param([*WRITTEN[:2], WRITTEN[2][:-1], *WRITTEN[3:]], 3, id="a cut event"),
        pytest.param([*WRITTEN[:2], b"\xff", *WRITTEN[3:]], 3, id="no text"),
        pytest.param(without(3), 3, id="a deletion"),
        pytest.param([*WRITTEN[:3], FORGED, *WRITTEN[3:]], 4, id="an insertion"),
        pytest.param([WRITTEN[0], WRITTEN[2], WRITTEN[1], *WRITTEN[3:]], 2, id="a swap"),
        pytest.param(WRITTEN[:5], 6, id="an end that is cut off"),
        pytest.param([], 1, id="nothing left"),
        pytest.param([*WRITTEN[:5], edited(WRITTEN[5], actor="eve")], 6, id="another last event"),
    ],
)
def test_what_is_not_as_it_was_written_is_found(written: list[bytes], number: int) -> None:
    with pytest.raises(BrokenHistory) as raised:
        events.verified(written, head=HEAD)
    assert raised.value.number == number


def test_a_history_may_have_grown_since_a_head_was_kept() -> None:
    assert len(events.verified(WRITTEN, head=Head(3, events.digest(WRITTEN[2])))) == 6


@pytest.mark.parametrize("place", range(0, len(WRITTEN[2]), 7))
def test_a_flipped_bit_is_found(place: int) -> None:
    changed = bytearray(WRITTEN[2])
    changed[place] ^= 4

    with pytest.raises(BrokenHistory):
        events.verified([*WRITTEN[:2], bytes(changed), *WRITTEN[3:]], head=HEAD)


def test_time_does_not_go_back() -> None:
    late = events.encode(7, events.digest(WRITTEN[5]), Timestamp(6), "ada", "cohort", NOBODY)

    with pytest.raises(BrokenHistory, match="event 7: its time"):
        events.verified([*WRITTEN, late])


@pytest.fixture
def history(registry: Registry, digests: dict[str, str]) -> list[bytes]:
    """Eight events of a registry: three versions, activations, a rollback."""
    registry.activate("tokens@1.0.0", actor="ada")
    registry.activate("tokens@1.1.0", scopes.tenant("acme"), actor="ada")
    registry.activate("tokens@1.2.0", actor="ada")
    registry.rollback("tokens", actor="ada")
    registry.set_cohort("tokens", "beta", ["acme"], actor="ada")
    return registry.store.events()


def numbered(bodies: list[bytes], first: int = 1) -> dict[int, bytes]:
    return dict(enumerate(bodies, start=first))


@pytest.mark.parametrize("number", range(1, 9))
def test_an_edit_is_found(address, registry, history, number) -> None:  # type: ignore[no-untyped-def]
    """Any event, the first and the last too; the edited one is named, and not the one that it shows by."""
    rewrite(address, {**numbered(history), number: edited(history[number - 1], actor="eve")})

    assert number == first_bad(address)


@pytest.mark.parametrize("number", range(1, 9))
def test_a_deletion_is_found(address, registry, history, number) -> None:  # type: ignore[no-untyped-def]
    """Whether a gap is left or the others move up."""
    without = numbered(history)
    del without[number]
    rewrite(address, without)
    assert number == first_bad(address)

    rewrite(address, numbered(list(without.values())))
    assert number == first_bad(address)


@pytest.mark.parametrize("number", range(1, 9))
def test_an_insertion_is_found(address, registry, history, number) -> None:  # type: ignore[no-untyped-def]
    """An event that fits to what is before it, and moves the rest."""
    before = events.digest(history[number - 2]) if number > 1 else events.FIRST
    when = events.verified(history)[number - 2].recorded + 1 if number > 1 else 1
    forged = events.encode(number, before, Timestamp(when), "eve", "cohort", {**NOBODY, "bundle": "tokens"})
    rewrite(address, numbered([*history[: number - 1], forged, *history[number - 1 :]]))

    assert number == first_bad(address)


@pytest.mark.parametrize("number", range(1, 8))
def test_a_swap_is_found(address, registry, history, number) -> None:  # type: ignore[no-untyped-def]
    swapped = numbered(history)
    swapped[number], swapped[number + 1] = swapped[number + 1], swapped[number]
    rewrite(address, swapped)

    assert number == first_bad(address)


@pytest.mark.parametrize("left", range(8))
def test_an_end_that_was_cut_off_is_found(address, registry, history, left) -> None:  # type: ignore[no-untyped-def]
    """By the head that the store keeps; and nothing more is written on top of it."""
    rewrite(address, numbered(history[:left]))

    assert left + 1 == first_bad(address)
    with open_store(address) as store, pytest.raises(BrokenHistory):
        Registry(store, now).activate("tokens@1.0.0", actor="eve")


@pytest.mark.parametrize("number", range(1, 9))
def test_a_flipped_bit_of_an_event_is_found(address, registry, history, number) -> None:  # type: ignore[no-untyped-def]
    body = bytearray(history[number - 1])
    body[-20] ^= 1
    rewrite(address, {**numbered(history), number: bytes(body)})

    assert number == first_bad(address)


@pytest.mark.parametrize("version", ["1.0.0", "1.1.0", "1.2.0"])
def test_a_flipped_bit_of_an_artifact_is_found(address, registry, history, digests, version) -> None:  # type: ignore[no-untyped-def]
    """The event that published it is named."""
    data = bytearray(registry.store.blob(digests[version]))
    data[len(data) // 2] ^= 1
    overwrite_blob(address, digests[version], bytes(data))
    number = list(digests).index(version) + 1

    assert number == first_bad(address)
    overwrite_blob(address, digests[version], None)
    assert number == first_bad(address)


def test_a_version_that_was_never_published_is_found(address, registry, history) -> None:  # type: ignore[no-untyped-def]
    """A whole chain does not make its contents right."""
    stranger = "sha256:" + "0" * 64
    said = {
        "bundle": "tokens",
        "artifact": stranger,
        "scope": {"kind": "all", "name": ""},
        "from": "2026-06-02T00:00:00Z",
    }
    last = events.verified(history)[-1]
    registry.store.append(
        9, events.encode(9, last.digest, Timestamp(last.recorded + 1), "eve", "activated", {**said, "reason": ""})
    )

    assert 9 == first_bad(address)


@pytest.mark.parametrize("kind", ["published", "activated", "rolled_back", "cohort"])
@pytest.mark.parametrize("how", ["a member less", "a member of another type"])
def test_an_event_of_another_shape_is_found(address, registry, history, kind, how) -> None:  # type: ignore[no-untyped-def]
    """A whole chain does not make its contents right; whoever reads them need not ask again."""
    last = events.verified(history)[-1]
    said = dict(next(event for event in events.verified(history) if event.kind == kind).data)
    first = min(said.keys() - {"bundle"})
    if how == "a member less":
        del said[first]
    else:
        said[first] = 1
    registry.store.append(9, events.encode(9, last.digest, Timestamp(last.recorded + 1), "eve", kind, said))

    assert 9 == first_bad(address)
    with open_store(address) as store, pytest.raises(BrokenHistory):
        Registry(store, now).rollback("tokens", actor="ada")


def test_an_event_that_describes_another_artifact_is_found(address, registry, history) -> None:  # type: ignore[no-untyped-def]
    said = {**events.verified(history)[0].data, "version": "9.9.9"}
    last = events.verified(history)[-1]
    registry.store.append(9, events.encode(9, last.digest, Timestamp(last.recorded + 1), "eve", "published", said))

    assert 9 == first_bad(address)


def test_a_chain_is_checked_when_it_is_opened() -> None:
    """As strictly as `verified`, but for what events say before the last one."""
    opened = events.chained(WRITTEN, head=HEAD)
    assert opened == events.verified(WRITTEN)[-1] == events.chained(WRITTEN[4:], events.verified(WRITTEN[:4])[-1])
    for wrong, number in (
        (without(3), 3),
        ([*WRITTEN[:3], FORGED, *WRITTEN[4:]], 4),
        ([WRITTEN[0], WRITTEN[2], WRITTEN[1], *WRITTEN[3:]], 2),
        (WRITTEN[:5], 6),
        ([], 1),
    ):
        with pytest.raises(BrokenHistory) as raised:
            events.chained(wrong, head=HEAD)
        assert number == raised.value.number


def test_a_chain_that_was_made_anew_differs_from_a_head_that_was_kept(address, registry, history) -> None:  # type: ignore[no-untyped-def]
    """Who can write everything can write another history; only what is kept elsewhere shows it."""
    kept = head_of(8, history[-1])
    remade: list[bytes] = []
    for event in events.verified(history):
        previous = events.digest(remade[-1]) if remade else events.FIRST
        remade.append(events.encode(event.number, previous, event.recorded, "eve", event.kind, event.data))
    rewrite(address, numbered(remade))

    with open_store(address) as store, pytest.raises(BrokenHistory) as raised:
        Registry(store, now).verify(kept)
    assert 8 == raised.value.number


def first_bad(address: str) -> int:
    """The first event that `verify` says is not as it was written."""
    with open_store(address) as store, pytest.raises(BrokenHistory) as raised:
        Registry(store, now).verify()
    return raised.value.number
