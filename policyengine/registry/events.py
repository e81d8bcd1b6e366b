"""The events of a registry: canonical JSON, each with the sha256 of the one before it.

An event that is edited, left out, put in or moved breaks the chain at its place; an end that is cut off shows by the
store's own head, or by a head that somebody has kept elsewhere.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from policyengine.errors import PolicyEngineError
from policyengine.storage.store import Head
from policyengine.values.instant import Timestamp
from policyengine.values.invalid import InvalidValue

KINDS = (
    "published", "signed", "activated", "rolled_back", "cohort", "shadowed",
    "planned", "approved", "approval_withdrawn", "rules_proposed", "rules",
)  # fmt: skip
"""What may be written. A reader passes over kinds that it does not know: they are of a later version."""
FIRST = "sha256:" + "0" * 64
"""What the first event has in the place of its predecessor's digest."""
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


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
    """The bytes of an event that is to be written."""
    if kind not in KINDS:
        raise ValueError(f"`{kind}` is no kind of event")
    return _encoded(number, previous, recorded, actor, kind, data)


def canonical(value: Any) -> bytes:
    """The one way in which a JSON value is written: keys in order, no spaces."""
    return _CANONICAL(value).encode()


def _encoded(number: int, previous: str, recorded: Timestamp, actor: str, kind: str, data: Mapping[str, Any]) -> bytes:
    body = {
        "number": number, "previous": previous, "recorded": str(recorded), "actor": actor, "kind": kind,
        "data": data,
    }  # fmt: skip
    return canonical(body)


def digest(event: bytes) -> str:
    """What the next event says of this one."""
    return "sha256:" + hashlib.sha256(event).hexdigest()


def verified(written: Iterable[bytes], after: Event | None = None, head: Head | None = None) -> list[Event]:
    """The events in these bytes, which follow on `after`; raises BrokenHistory at the first one that is wrong.

    `head` is what the history must reach at least.
    """
    bodies = list(written)
    first = 1 if after is None else after.number + 1
    found: list[Event] = []
    for place, body in enumerate(bodies, start=first):
        event, previous = _decoded(place, body)
        before = found[-1] if found else after
        _check_place(place, event, previous, before, lambda i: _is_named(i - first, bodies, head, first))
        if head is not None and place == head.number and event.digest != head.digest:
            raise BrokenHistory(place, "it is not the event that the head names: the end has been replaced")
        found.append(event)
    end = first - 1 + len(found)
    if head is not None and end < head.number:
        raise BrokenHistory(end + 1, f"the history ends here, though event {head.number} has been written")
    return found


def _check_place(
    place: int, event: Event, previous: str, before: Event | None, is_named: Callable[[int], bool]
) -> None:
    """Whether an event stands where it belongs. Where it does not, what comes after it tells which one is wrong.

    An event that its successor, or the head, names is as it was written: then the one before it is not.
    """
    if event.number > place:
        raise BrokenHistory(place, f"it is missing: event {event.number} stands in its place")
    follows = FIRST if before is None else before.digest
    if event.number == place and previous == follows:
        if before is not None and event.recorded <= before.recorded:
            raise BrokenHistory(place, "its time is not after that of the event before it")
        return
    is_copy = event.digest == follows
    if event.number >= place - 1 and place > 1 and not is_copy and is_named(place):
        done = "it has been changed" if event.number == place else "it has been put in"
        raise BrokenHistory(place - 1, f"{done}: the event after it followed on another one")
    if event.number < place:
        raise BrokenHistory(place, f"event {event.number} stands in its place")
    raise BrokenHistory(place, "the event before it is not the one that it followed on")


def _is_named(index: int, bodies: Sequence[bytes], head: Head | None, first: int) -> bool:
    """Whether what comes after an event says that this is its digest."""
    its_digest = digest(bodies[index])
    if index + 1 < len(bodies):
        return f'"previous":"{its_digest}"'.encode() in bodies[index + 1]
    return head is not None and head == Head(first + index, its_digest)


def _decoded(number: int, body: bytes) -> tuple[Event, str]:
    """An event, and the digest of the one before it; `number` is where it stands."""
    try:
        said = json.loads(body)
        recorded = Timestamp.parse(said["recorded"])
        event = Event(said["number"], recorded, said["actor"], said["kind"], said["data"], digest(body))
        rewritten = _encoded(event.number, said["previous"], recorded, event.actor, event.kind, event.data)
        previous: str = said["previous"]
        is_event = type(event.number) is int and type(event.data["bundle"]) is str
    except (ValueError, KeyError, TypeError, InvalidValue, RecursionError):
        raise BrokenHistory(number, "it cannot be read") from None
    if rewritten != body or not is_event:
        raise BrokenHistory(number, "it is not written as events are")
    return event, previous
