"""The events of a registry: canonical JSON, each with the sha256 of the one before it.

An event that is edited, left out, put in or moved breaks the chain at its place; an end that is cut off shows by the
store's own head, or by a head that somebody has kept elsewhere.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from policyengine.errors import InvalidInput, PolicyEngineError
from policyengine.frozen import frozen
from policyengine.registry import scopes
from policyengine.registry.scopes import Scope
from policyengine.storage.store import Head
from policyengine.values.canonical_json import canonical_text
from policyengine.values.instant import Timestamp
from policyengine.values.invalid import InvalidValue

FIRST = "sha256:" + "0" * 64
"""What the first event has in the place of its predecessor's digest."""
_END_BYTES = 256
"""More than what follows in an event on its kind: a number, a digest and a time."""
SKEW_NANOSECONDS_MAX = 60 * 10**9
"""How far the clocks of two machines may be apart so that one believes the other."""
RECORDED_END = Timestamp.parse("9999-01-01T00:00:00Z")
"""From when on nothing is recorded: an event is later than the one before it, so one at the end of time would be the
last. A year of nanoseconds is left for what was recorded by a clock that is only wrong."""
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_MEMBERS = {"number", "previous", "recorded", "actor", "kind", "data"}
_TIME = re.compile(rb'([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{0,8}[1-9])?)Z"\}')
"""How an event ends: what the chain is made of stands there, behind everything that somebody may have chosen."""


class BrokenHistory(PolicyEngineError):
    """The history is not what was written: `number` is the first event that is wrong."""

    def __init__(self, number: int, message: str) -> None:
        self.number = number
        super().__init__(f"event {number}: {message}")


@frozen
class Event:
    """One thing that was done: its number, when the registry wrote it, who asked for it, what it was and of what."""

    number: int
    recorded: Timestamp
    actor: str
    kind: str
    data: Mapping[str, Any]
    digest: str


def encode(number: int, previous: str, recorded: Timestamp, actor: str, kind: str, data: Mapping[str, Any]) -> bytes:
    """The bytes of an event that is to be written. Raises InvalidInput where that is at the end of time."""
    if kind not in SHAPES:
        raise ValueError(f"`{kind}` is no kind of event")
    if recorded >= RECORDED_END:
        raise InvalidInput(
            f"event {number} would be recorded at {recorded}, after which there is no room for another one", "clock",
            "set the clock of this machine, or of the one that wrote the event before",
        )  # fmt: skip
    body = {
        "number": number, "previous": previous, "recorded": str(recorded), "actor": actor, "kind": kind,
        "data": data,
    }  # fmt: skip
    return canonical(body)


def canonical(value: Any) -> bytes:
    """The one way in which a JSON value is written: keys in order, no spaces."""
    return canonical_text(value).encode()


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


def chained(written: Sequence[bytes], after: Event | None = None, head: Head | None = None) -> Event | None:
    """The last of these events, which follow on `after`; raises BrokenHistory as `verified` does.

    That each follows on the one before it, and was recorded later, is checked for all; what an event says is read
    only of the last one, so this takes a tenth of the time. `decoded` reads another one when it is asked for.
    """
    number, previous, time = 0, FIRST.encode(), b""
    if after is not None:
        number, previous, time = after.number, after.digest.encode(), str(after.recorded)[:-1].encode()
    for body in written:
        number += 1
        start, link = body.rfind(b'"number":'), b'"number":%d,"previous":"%b","recorded":"' % (number, previous)
        end = _TIME.fullmatch(body, start + len(link)) if start >= 0 and body.startswith(link, start) else None
        # Times of this form are in the order of their texts, once the `Z` is gone.
        if end is None or end[1] <= time:
            break
        previous, time = b"sha256:" + hashlib.sha256(body).hexdigest().encode(), end[1]
        if head is not None and number == head.number and previous != head.digest.encode():
            break
    else:
        if head is None or head.number <= number:
            return decoded(number, written[-1]) if written else after
    found = verified(written, after, head)  # which says what is wrong
    return found[-1] if found else after


def decoded(number: int, body: bytes) -> Event:
    """The event of this number; raises BrokenHistory where it is none."""
    event, _ = _decoded(number, body)
    if event.number != number:
        raise BrokenHistory(number, f"event {event.number} stands in its place")
    return event


def is_of_kind(event: bytes, kind: bytes) -> bool:
    """Whether an event may be of a kind, which stands near its end; never False where it is."""
    return event.find(b'"kind":"%b",' % kind, max(len(event) - _END_BYTES, 0)) >= 0


def mark_of(scope: Scope) -> bytes:
    """What stands in every event that is for a scope, and in few others."""
    return b'"scope":' + canonical_text(scope.as_json()).encode()


def present(clock: Timestamp, last: Event | None, recorded: Timestamp | None = None) -> Timestamp:
    """The present instant by a machine's clock: not before the last event, so what another machine has just done is
    done here, too; `recorded` is that of the event to come.

    An event from a clock that is far ahead moves nobody's time: who decides by it would charge the prices of then.
    """
    if last is None or clock > last.recorded or last.recorded - clock > SKEW_NANOSECONDS_MAX:
        return clock
    return recorded or last.recorded


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
        rewritten = canonical(said)
        previous: str = said["previous"]
        is_event = (
            said.keys() == _MEMBERS
            and str(recorded) == said["recorded"]
            and type(event.number) is int
            and is_name(event.actor)
            and is_shaped(event.kind, event.data)
        )
    except (ValueError, KeyError, TypeError, InvalidValue, RecursionError):
        raise BrokenHistory(number, "it cannot be read") from None
    if rewritten != body or not is_event:
        raise BrokenHistory(number, "it is not written as events are")
    return event, previous


def is_shaped(kind: str, data: Any) -> bool:
    """Whether an event of a kind says what it must. Kinds, and members, that are not known are of a later version."""
    shape = SHAPES.get(kind, _UNKNOWN)
    return isinstance(data, dict) and all(
        fits(data[name]) if name in data else name in _OPTIONAL for name, fits in shape.items()
    )


def is_name(value: Any) -> bool:
    """Whether this is a line of text that a list of events can show."""
    return is_line(value) and value != ""


def is_line(value: Any) -> bool:
    """The same for a text that may be empty: no line breaks, no escapes of a terminal, no lone surrogates."""
    return type(value) is str and value.isprintable()


def _is_digest(value: Any) -> bool:
    return type(value) is str and _DIGEST.fullmatch(value) is not None


def _is_digest_or_none(value: Any) -> bool:
    return value is None or _is_digest(value)


def _is_object(value: Any) -> bool:
    return type(value) is dict


def _is_object_or_none(value: Any) -> bool:
    return value is None or type(value) is dict


def _is_numbers(value: Any) -> bool:
    return type(value) is list and all(type(each) is int for each in value)


def _is_names(value: Any) -> bool:
    return type(value) is list and all(map(is_name, value))


def _is_scope(value: Any) -> bool:
    try:
        return bool(scopes.from_json(value).as_json() == value)
    except (InvalidInput, KeyError, TypeError):
        return False


def _is_steps(value: Any) -> bool:
    if type(value) is not list or not value or not all(map(_is_scope, value)):
        return False
    return [scope.as_json() for scope in scopes.steps(map(scopes.from_json, value))] == value


def _is_instant(value: Any) -> bool:
    try:
        return type(value) is str and str(Timestamp.parse(value)) == value
    except InvalidValue:
        return False


def _is_instant_or_none(value: Any) -> bool:
    return value is None or _is_instant(value)


def _is_sample(value: Any) -> bool:
    try:
        return bool(scopes.sample(value) == value)
    except (InvalidInput, AttributeError):
        return False


def _is_number(value: Any) -> bool:
    return type(value) is int


def _is_text(value: Any) -> bool:
    return type(value) is str


_UNKNOWN = {"bundle": is_name}
_OPTIONAL = ("plan", "guardrails")
_ACTIVATED = {
    "bundle": is_name, "artifact": _is_digest, "scope": _is_scope, "from": _is_instant, "reason": is_line,
}  # fmt: skip
_PLAN = {"bundle": is_name, "plan": _is_digest}
SHAPES: Mapping[str, Mapping[str, Callable[[Any], bool]]] = {
    "published": {
        "bundle": is_name, "version": is_name, "artifact": _is_digest, "source_digest": _is_digest,
        "program_digest": _is_digest, "compiler": is_name, "report": _is_object, "signature": _is_object_or_none,
    },
    "signed": {"bundle": is_name, "artifact": _is_digest, "signature": _is_object},
    "activated": {**_ACTIVATED, "plan": _is_digest, "guardrails": _is_object},
    "rolled_back": {**_ACTIVATED, "artifact": _is_digest_or_none, "withdraws": _is_numbers},
    "cohort": {"bundle": is_name, "name": is_name, "tenants": _is_names},
    "shadowed": {
        "bundle": is_name, "artifact": _is_digest_or_none, "scope": _is_scope, "sample": _is_sample, "reason": is_line,
    },
    "planned": {
        **_PLAN, "artifact": _is_digest, "steps": _is_steps, "guardrails": _is_object_or_none,
        "from": _is_instant_or_none, "reason": is_line, "base": _is_number, "impact": _is_object_or_none,
        "summary": _is_text,
    },
    "approved": {**_PLAN, "role": is_name},
    "approval_withdrawn": _PLAN,
    "rules_proposed": {"bundle": is_name, "rules": _is_object},
    "rules": {"bundle": is_name, "rules": _is_object},
}  # fmt: skip
"""What an event of each kind says: who reads one need not ask again, since a history with another one is broken. A
reader passes over kinds that it does not know: they are of a later version."""
