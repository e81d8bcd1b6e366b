"""Entitlements as typed data, and how they are read from nodes that the schema has let through."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from policyengine.language.parts import Named, OnError, Part
from policyengine.language.sentences import Sentence
from policyengine.language.sentences import read as read_sentence
from policyengine.language.written import Reader, Value, Written
from policyengine.language.yaml import Entry, Mapping, Node, Scalar, Sequence, plain
from policyengine.source import Span

Kept = TypeVar("Kept")


class Active(Part):
    """`effective:` of an entitlement, by expressions; of several ends the earliest counts."""

    at: Span
    start: Written | None = None
    ends: tuple[Written, ...] = ()


class Refusal(Part):
    code: str = ""
    reason: Sentence | None = None


class Control(Part):
    entity: Written | None = None
    customer: Written | None = None
    plans: Written | None = None


class Overage(Part):
    at: Span
    allow: Written
    control: Control | None = None
    max_purchase: Value | None = None
    spend_limit: Value | None = None
    used: Value | None = None


class Alignment(Part):
    """Where stretches of time begin: on the calendar, or counted from an anchor."""

    at: Span
    interval: str = ""
    calendar: bool = False
    anchor: Written | None = None
    timezone: Scalar | Written | None = None


class Cycle(Part):
    at: Span
    start: Written
    until: Written


class Window(Alignment):
    id: str
    limit: Value | None = None
    used: Value
    requested: Value | None = None
    when: Written | None = None
    start: Written | None = None
    until: Written | None = None
    anchored_by: Written | None = None
    opens: str | None = None
    duration: Written | None = None
    cycle: Cycle | None = None
    shortest: Written | None = None


class Reset(Alignment):
    recurrences: Written | None = None
    until: Written | None = None
    since: Written | None = None


class Rollover(Part):
    at: Span
    carried: Value
    max: Value | None = None
    cap_percent: Value | None = None


class BurnDown(Part):
    at: Span
    grants: Written
    balances: Written | None = None
    usage: Written
    resets: Written | None = None
    start: Written
    until: Written
    overage: Value | None = None
    used: Value | None = None
    grant_used: Value | None = None
    preserve_overage: bool
    aggregation: str
    timezone: Scalar | Written | None = None


class Alert(Part):
    at: Span
    id: str
    type: str
    threshold: Value
    when: Written | None = None


class Entitlement(Named):
    """An entitlement of any kind; which fields may stand is the schema's business."""

    allow: Value | None = None
    value: Value | None = None
    precedence: tuple[tuple[str, Span], ...] = ()
    limit: Value | None = None
    combine: str | None = None
    grants: Written | None = None
    burn_down: BurnDown | None = None
    draw_order: tuple[Written, ...] = ()
    used: Value | None = None
    requested: Value | None = None
    when_exceeded: str = "block"
    on_excess: Written | None = None
    overage: Overage | None = None
    windows: tuple[Window, ...] = ()
    reset: Reset | None = None
    rollover: Rollover | None = None
    warn_at: tuple[Alert, ...] = ()
    when: Written | None = None
    effective: Active | None = None
    otherwise: Refusal | None = None
    on_error: OnError | None = None


class _Unread(Exception):
    """An expression cannot be parsed; the report has it already."""


def read(reader: Reader, entry: Entry) -> Entitlement | None:
    """The entitlement under a name, or None where something in it cannot be read."""
    assert isinstance(entry.value, Mapping)
    try:
        fields = _Fields(reader).entitlement(entry.value)
    except _Unread:
        return None
    return Entitlement(name=entry.key, at=entry.key_span, **fields)


class _Fields:
    """The fields of each kind of mapping, by readers of its own."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader

    def entitlement(self, node: Mapping) -> dict[str, Any]:
        readers: dict[str, Callable[[Node], Any]] = {
            **dict.fromkeys(("allow", "value", "limit", "used", "requested"), self.value),
            **dict.fromkeys(("grants", "when", "on_excess"), self.expression),
            "precedence": self.names,
            "draw_order": self.expressions,
            "burn_down": self.burn_down,
            "overage": self.overage,
            "windows": self.windows,
            "reset": lambda inner: self.part(Reset, inner, {}),
            "rollover": lambda inner: self.part(Rollover, inner, dict.fromkeys(Rollover.model_fields, self.value)),
            "warn_at": self.alerts,
            "effective": self.active,
            "otherwise": self.refusal,
            "on_error": lambda inner: OnError(**plain(inner)),
        }
        return {key: readers.get(key, plain)(field.value) for key, field in node.entries.items()}

    def value(self, node: Node) -> Value:
        value = self.reader.value(node)
        if value is None:
            raise _Unread
        return value

    def expression(self, node: Node) -> Written:
        return _kept(self.reader.expression(node))

    def expressions(self, node: Node) -> tuple[Written, ...]:
        items = node.items if isinstance(node, Sequence) else [node]
        return tuple(self.expression(item) for item in items)

    def names(self, node: Node) -> tuple[tuple[str, Span], ...]:
        assert isinstance(node, Sequence)
        return tuple((plain(item), item.span) for item in node.items)

    def part(self, kind: type[Part], node: Node, readers: dict[str, Callable[[Node], Any]]) -> Any:
        """A mapping whose fields are expressions, unless a reader says otherwise or the word is a literal."""
        assert isinstance(node, Mapping)
        literals: dict[str, Callable[[Node], Any]] = dict.fromkeys(
            ("id", "type", "interval", "calendar", "opens"), plain
        )
        known = {**literals, "timezone": lambda inner: _kept(self.reader.zone(inner)), **readers}
        fields = {
            "start" if key == "from" else key: known.get(key, self.expression)(field.value)
            for key, field in node.entries.items()
        }
        return kind(**{"at": node.span, **fields})

    def overage(self, node: Node) -> Overage:
        readers: dict[str, Callable[[Node], Any]] = dict.fromkeys(("max_purchase", "spend_limit", "used"), self.value)
        made: Overage = self.part(Overage, node, {**readers, "control": self.control})
        return made

    def burn_down(self, node: Node) -> BurnDown:
        readers: dict[str, Callable[[Node], Any]] = dict.fromkeys(("overage", "used", "grant_used"), self.value)
        made: BurnDown = self.part(BurnDown, node, {**readers, "preserve_overage": plain, "aggregation": plain})
        return made

    def control(self, node: Node) -> Control:
        assert isinstance(node, Mapping)
        return Control(**{key: self.expression(field.value) for key, field in node.entries.items()})

    def windows(self, node: Node) -> tuple[Window, ...]:
        assert isinstance(node, Sequence)
        readers: dict[str, Callable[[Node], Any]] = dict.fromkeys(("limit", "used", "requested"), self.value)
        readers["cycle"] = lambda inner: self.part(Cycle, inner, {})
        return tuple(self.part(Window, item, readers) for item in node.items)

    def alerts(self, node: Node) -> tuple[Alert, ...]:
        """A plain share is the alert `usage_percentage` of that share."""
        if isinstance(node, Sequence):
            return tuple(self.part(Alert, item, {"threshold": self.value}) for item in node.items)
        shown = node.text.strip() if isinstance(node, Scalar) else "warn_at"
        return (Alert(at=node.span, id=shown, type="usage_percentage", threshold=self.value(node)),)

    def active(self, node: Node) -> Active:
        assert isinstance(node, Mapping)
        start, until = node.entries.get("from"), node.entries.get("until")
        return Active(
            at=node.span,
            start=self.expression(start.value) if start else None,
            ends=self.expressions(until.value) if until else (),
        )

    def refusal(self, node: Node) -> Refusal:
        assert isinstance(node, Mapping)
        code, reason = node.entries.get("code"), node.entries.get("reason")
        sentence = None
        if reason is not None:
            assert isinstance(reason.value, Scalar)
            sentence = _kept(read_sentence(self.reader, reason.value))
        return Refusal(code=plain(code.value) if code else "", reason=sentence)


def _kept(found: Kept | None) -> Kept:
    if found is None:
        raise _Unread
    return found
