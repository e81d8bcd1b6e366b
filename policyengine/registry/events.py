"""The events of a registry: canonical JSON, each with the sha256 of the one before it.

An event that is edited, left out, put in or moved breaks the chain at its place; an end that is cut off shows by the
store's own head, or by a head that somebody has kept elsewhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from policyengine.errors import PolicyEngineError
from policyengine.storage.store import Head
from policyengine.values.instant import Timestamp
from policyengine.values.invalid import InvalidValue

KINDS = ("published", "activated", "rolled_back", "cohort")
FIRST = "sha256:" + "0" * 64
"""What the first event has in the place of its predecessor's digest."""


class BrokenHistory(PolicyEngineError):
    """The history is not what was written: `number` is the first event that is wrong."""

    def __init__(self, number: int, message: str) -> None:
        self.number = number
        super().__init__(f"event {number}: {message}")


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that was done: its number, when the registry wrote it, who asked for it, what it was and of what."""

    number: int
    recorded: Timestamp
    actor: str
    kind: str
    data: Mapping[str, Any]
    digest: str


def encode(number: int, previous: str, recorded: Timestamp, actor: str, kind: str, data: Mapping[str, Any]) -> bytes:
    """The bytes of an event."""
    assert kind in KINDS
    body = {
        "number": number, "previous": previous, "recorded": str(recorded), "actor": actor, "kind": kind,
        "data": data,
    }  # fmt: skip
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def digest(event: bytes) -> str:
    """What the next event says of this one."""
    return "sha256:" + hashlib.sha256(event).hexdigest()


def verified(written: Iterable[bytes], after: Event | None = None, head: Head | None = None) -> list[Event]:
    """The events in these bytes, which follow on `after`; raises BrokenHistory at the first one that is wrong.

    `head` is what the history must reach at least.
    """
    number = 0 if after is None else after.number
    previous = FIRST if after is None else after.digest
    found = []
    reached = head is None or (number >= head.number)
    for body in written:
        number += 1
        event = _decoded(number, previous, body)
        previous = event.digest
        if head is not None and number == head.number:
            if previous != head.digest:
                raise BrokenHistory(number, "it is not the event that the head names: the end has been replaced")
            reached = True
        found.append(event)
    if not reached:
        assert head is not None
        raise BrokenHistory(number + 1, f"the history ends here, though event {head.number} has been written")
    return found


def _decoded(number: int, previous: str, body: bytes) -> Event:
    try:
        said = json.loads(body)
        recorded = Timestamp.parse(said["recorded"])
        event = Event(said["number"], recorded, said["actor"], said["kind"], said["data"], digest(body))
        canonical = encode(event.number, said["previous"], recorded, event.actor, event.kind, event.data)
    except (ValueError, KeyError, TypeError, AssertionError, InvalidValue, RecursionError):
        raise BrokenHistory(number, "it cannot be read") from None
    if event.number != number:
        raise BrokenHistory(number, f"event {event.number} stands in its place")
    if said["previous"] != previous:
        raise BrokenHistory(number, "the event before it is not the one that it followed on")
    if canonical != body:
        raise BrokenHistory(number, "it is not written as events are")
    return event
