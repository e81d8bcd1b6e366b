"""The history shows whatever has been done to it."""

from __future__ import annotations

import json

import pytest

from policyengine.registry import events
from policyengine.registry.events import BrokenHistory
from policyengine.registry.registry import Registry
from policyengine.storage.store import Head, head_of
from policyengine.values.instant import Timestamp

WRITTEN: list[bytes] = []
_before = events.FIRST
for _number in range(1, 7):
    _body = events.encode(_number, _before, Timestamp(_number), "ada", "cohort", {"bundle": "b", "name": str(_number)})
    _before = events.digest(_body)
    WRITTEN.append(_body)
HEAD = head_of(6, WRITTEN[-1])


def edited(body: bytes, **change: object) -> bytes:
    return json.dumps({**json.loads(body), **change}, sort_keys=True, separators=(",", ":")).encode()


def without(number: int) -> list[bytes]:
    return [*WRITTEN[: number - 1], *WRITTEN[number:]]


FORGED = events.encode(4, events.digest(WRITTEN[2]), Timestamp(4), "eve", "cohort", {"bundle": "b", "name": "x"})
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


def test_a_registry_verifies_its_artifacts_too(registry: Registry, digests: dict[str, str], monkeypatch) -> None:  # type: ignore[no-untyped-def]
    assert registry.verify() == 3
    whole = registry.store.blob

    def flipped(name: str) -> bytes | None:
        data = whole(name)
        return None if data is None else data[:100] + bytes([data[100] ^ 1]) + data[101:]

    monkeypatch.setattr(registry.store, "blob", flipped)
    with pytest.raises(BrokenHistory, match="event 1"):
        registry.verify()
