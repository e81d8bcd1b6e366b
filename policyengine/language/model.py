"""The bundle as typed data: what the schema has let through, with every expression parsed and every place kept.

These models never speak to authors: whatever is wrong with a document was said by the schema, so a pydantic error here
is a fault of ours. Rows of tables stay nodes; their cells are read by their column's type.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from policyengine.language import charts, entitlements, sentences
from policyengine.language import diagnostics as say
from policyengine.language.charges import Charge, Commitment, Credit, Discount, Tax, TaxRate, Tier, Transform
from policyengine.language.entitlements import Entitlement
from policyengine.language.parts import Carried, Each, Named, OnError, Overridable, Part, Round
from policyengine.language.proration import ByDirection, Proration, Ratio, RefundOf
from policyengine.language.retries import Budget, Jitter, Retry, RetryClass
from policyengine.language.sentences import Sentence
from policyengine.language.written import Reader, Value, Written
from policyengine.language.yaml import Entry, Mapping, Node, Scalar, Sequence, plain
from policyengine.source import Report, Span


class Check(Part):
    that: Written
    reason: str
    at: Span


class Parameter(Named):
    type: Node
    value: Value
    min: Node | None = None
    max: Node | None = None
    places: Node | None = None
    overridable: Overridable | None = None


class Condition(Part):
    """A condition column: an expression, or a type in a table that is only called."""

    name: str
    at: Span
    expression: Written | None = None
    type: Node | None = None


class Table(Named):
    hit: str = "unique"
    when: tuple[Condition, ...]
    then: dict[str, Node] = {}
    rows: Sequence | None = None
    file: str | None = None
    file_at: Span | None = None
    otherwise: Node | None = None
    overridable: Overridable | None = None
    dated: bool = False


class NamedValue(Named):
    value: Value
    when: Written | None = None
    otherwise: Value | None = None
    each: Each | None = None
    carry: tuple[Carried, ...] = ()
    type: Node | None = None
    round: Round | None = None
    on_error: OnError | None = None


class Guard(Named):
    when: Written
    effect: str
    approver: str = ""
    reason: Sentence
    on_error: OnError | None = None


class Decision(Named):
    requires: tuple[tuple[str, Span], ...] = ()
    guards: tuple[tuple[str, Span], ...] = ()
    outputs: dict[str, tuple[Span, Value]] = {}
    as_of: Written | None = None
    on_error: OnError | None = None
    each: Each | None = None
    when: Written | None = None
    decide: str = ""
    input: dict[str, tuple[Span, Value]] = {}


class Override(Part):
    id: str
    tenant: str
    start: str | None = None
    end: str | None = None
    reason: str
    set: Mapping
    at: Span


class Test(Part):
    """An example with its expected answer, in the author's own words."""

    name: str
    at: Span
    decide: str
    tenant: str | None = None
    time: str | None = None
    event: str | None = None
    input: Any = None
    expect: Mapping | None = None
    error: str | None = None
    rationale: tuple[str, ...] = ()
    not_rationale: tuple[str, ...] = ()


class Bundle(Part):
    name: str
    version: str
    description: str = ""
    currency: Scalar | None = None
    timezone: str | None = None
    timezone_at: Span | None = None
    effective: tuple[str | None, str | None] = (None, None)
    types: dict[str, tuple[Span, Node]] = {}
    inputs: dict[str, tuple[Span, Node]] = {}
    checks: tuple[Check, ...] = ()
    parameters: dict[str, Parameter] = {}
    tables: dict[str, Table] = {}
    values: dict[str, NamedValue] = {}
    charges: dict[str, Charge] = {}
    retries: dict[str, Retry] = {}
    chart: Mapping | None = None
    accounts: dict[str, Table] = {}
    proration: dict[str, Proration] = {}
    entitlements: dict[str, Entitlement] = {}
    guards: dict[str, Guard] = {}
    decisions: dict[str, Decision] = {}
    overrides: tuple[Override | tuple[str, Span], ...] = ()
    tests: tuple[Test, ...] = ()


NAMED_SECTIONS = (
    "parameters",
    "tables",
    "values",
    "charges",
    "proration",
    "retries",
    "accounts",
    "entitlements",
    "guards",
    "decisions",
)


def build(manifest: Mapping, parts: Iterable[Mapping], report: Report) -> Bundle:
    """The bundle of a manifest and the other files of its folder; names defined twice go to the report."""
    documents = [manifest, *parts]
    builder = _Builder(report, _declared_names(documents, report))
    fields: dict[str, Any] = builder.manifest(manifest)
    for section in ("types", "inputs"):
        fields[section] = {
            e.key: (e.key_span, e.value) for d in documents for e in _entries(d, section)
        }  # fmt: skip
    for section in NAMED_SECTIONS:
        read = getattr(builder, section)
        found = {e.key: read(e) for d in documents for e in _entries(d, section)}
        fields[section] = {name: part for name, part in found.items() if part is not None}
    fields["chart"] = charts.merged(documents, report)
    for section in ("checks", "overrides", "tests"):
        read = getattr(builder, section)
        found_items = [read(item) for d in documents for item in _items(d, section)]
        fields[section] = tuple(item for item in found_items if item is not None)
    return Bundle(**fields)


def _entries(document: Mapping, section: str) -> list[Entry]:
    entry = document.entries.get(section)
    return list(entry.value.entries.values()) if entry and isinstance(entry.value, Mapping) else []


def _items(document: Mapping, section: str) -> list[Node]:
    entry = document.entries.get(section)
    return entry.value.items if entry and isinstance(entry.value, Sequence) else []


def _declared_names(documents: list[Mapping], report: Report) -> set[str]:
    """All names of the one space; a name defined twice is an error with both places."""
    seen: dict[str, Span] = {}
    spaces = [[("types",)], [("inputs",), *((s,) for s in NAMED_SECTIONS)]]
    names: set[str] = set()
    for space in spaces:
        seen = {}
        for (section,) in space:
            for entry in (e for d in documents for e in _entries(d, section)):
                if entry.key in seen:
                    report.add(say.defined_twice(entry.key, entry.key_span, seen[entry.key]))
                else:
                    seen[entry.key] = entry.key_span
        names |= set(seen)
    return names


class _Builder:
    """Turns nodes into models; what cannot be parsed is reported and left out."""

    def __init__(self, report: Report, names: set[str]) -> None:
        self.reader = Reader(report, names)

    def manifest(self, root: Mapping) -> dict[str, Any]:
        entries = root.entries
        currency = entries.get("currency")
        effective = entries.get("effective")
        dates = plain(effective.value) if effective else {}
        return {
            "name": plain(entries["bundle"].value),
            "version": plain(entries["version"].value),
            "description": plain(entries["description"].value) if "description" in entries else "",
            "currency": currency.value if currency else None,
            "timezone": plain(entries["timezone"].value) if "timezone" in entries else None,
            "timezone_at": entries["timezone"].value.span if "timezone" in entries else None,
            "effective": (dates.get("from"), dates.get("until")),
        }

    # ------------------------------------------------------------------------------------------------- pieces

    def _fields(self, entry: Entry, readers: dict[str, Callable[[Node], Any]]) -> dict[str, Any] | None:
        """The fields of a named mapping, each through its reader; None where one cannot be read."""
        fields: dict[str, Any] = {"name": entry.key, "at": entry.key_span}
        whole = True
        assert isinstance(entry.value, Mapping)
        for key, field in entry.value.entries.items():
            if key == "description":
                fields[key] = plain(field.value)
                continue
            value = readers.get(key, plain)(field.value)
            whole = whole and value is not None
            fields[key] = value
        return fields if whole else None

    def _round(self, node: Node) -> Round | None:
        assert isinstance(node, Mapping)
        places = self.reader.expression(node.entries["places"].value)
        rail = node.entries.get("rail")
        words = {"mode": plain(node.entries["mode"].value), "rail": None if rail is None else plain(rail.value)}
        return None if places is None else Round(places=places, **words)

    def _overridable(self, node: Node) -> Overridable | bool:
        if isinstance(node, Mapping):
            return Overridable(**{key: e.value for key, e in node.entries.items()})
        return Overridable() if plain(node) else False

    def _on_error(self, node: Node) -> OnError:
        return OnError(**plain(node))

    def _each(self, node: Node) -> Each | None:
        assert isinstance(node, Scalar)
        item, _, rest = node.text.partition(" in ")
        offset = len(item) + len(" in ")
        lead = len(rest) - len(rest.lstrip())
        span = Span(node.span.source, node.span.start + offset + lead, node.span.end)
        over = self.reader.expression(Scalar(rest.strip(), span, "plain", rest.strip()))
        return None if over is None else Each(item=item.strip(), over=over)

    def _sort(self, node: Node) -> tuple[Written, ...] | None:
        items = node.items if isinstance(node, Sequence) else [node]
        found = tuple(self.reader.expression(i) for i in items)
        return None if any(f is None for f in found) else tuple(f for f in found if f)

    def _carry(self, node: Node) -> tuple[Carried, ...] | None:
        assert isinstance(node, Mapping)
        out = []
        for entry in node.entries.values():
            assert isinstance(entry.value, Mapping)
            parts = entry.value.entries
            start, following = self.reader.value(parts["start"].value), self.reader.value(parts["next"].value)
            if start is None or following is None:
                return None
            bounds = {key: parts[key].value for key in ("min", "max", "places") if key in parts}
            out.append(Carried(name=entry.key, type=parts["type"].value, start=start, next=following, **bounds))
        return tuple(out)

    def _sentence(self, node: Node) -> Sentence | None:
        assert isinstance(node, Scalar)
        return sentences.read(self.reader, node)

    def _names(self, node: Node) -> tuple[tuple[str, Span], ...]:
        assert isinstance(node, Sequence)
        return tuple((plain(item), item.span) for item in node.items)

    def _with_each(self, fields: dict[str, Any] | None) -> dict[str, Any] | None:
        """`sort` belongs to `each`."""
        if fields and "sort" in fields:
            sort = fields.pop("sort")
            if fields.get("each"):
                fields["each"] = fields["each"].model_copy(update={"sort": sort})
        return fields

    @staticmethod
    def _node(node: Node) -> Node:
        return node

    # ----------------------------------------------------------------------------------------------- sections

    def checks(self, node: Node) -> Check | None:
        assert isinstance(node, Mapping)
        that = self.reader.expression(node.entries["that"].value)
        return None if that is None else Check(that=that, reason=plain(node.entries["reason"].value), at=node.span)

    def parameters(self, entry: Entry) -> Parameter | None:
        def value(node: Node) -> Value | None:
            return self.reader.value(node, literal=True)

        readers: dict[str, Callable[[Node], Any]] = dict.fromkeys(("type", "min", "max", "places"), self._node)
        fields = self._fields(entry, {**readers, "value": value, "overridable": self._overridable})
        if fields and fields.get("overridable") is False:
            fields.pop("overridable")
        return Parameter(**fields) if fields else None

    def tables(self, entry: Entry) -> Table | None:
        node = entry.value
        assert isinstance(node, Mapping)
        readers: dict[str, Callable[[Node], Any]] = {
            "when": self._conditions,
            "then": self._results,
            "rows": self._node,
            "otherwise": self._node,
            "overridable": self._overridable,
        }
        fields = self._fields(entry, readers)
        if fields and "file" in fields:
            fields["file_at"] = node.entries["file"].value.span
        if fields and fields.get("overridable") is False:
            fields.pop("overridable")
        return Table(**fields) if fields else None

    @staticmethod
    def _results(node: Node) -> dict[str, Node]:
        assert isinstance(node, Mapping)
        return {entry.key: entry.value for entry in node.entries.values()}

    def _conditions(self, node: Node) -> tuple[Condition, ...] | None:
        assert isinstance(node, Mapping)
        out = []
        for entry in node.entries.values():
            if isinstance(entry.value, Mapping):
                its_type = entry.value.entries["type"].value
                out.append(Condition(name=entry.key, at=entry.key_span, type=its_type))
                continue
            expression = self.reader.expression(entry.value)
            if expression is None:
                return None
            out.append(Condition(name=entry.key, at=entry.key_span, expression=expression))
        return tuple(out)

    def values(self, entry: Entry) -> NamedValue | None:
        node = entry.value
        if not isinstance(node, Mapping) or "value" not in node.entries:
            value = self.reader.value(node)
            return None if value is None else NamedValue(name=entry.key, at=entry.key_span, value=value)
        readers: dict[str, Callable[[Node], Any]] = {
            "value": self.reader.value,
            "when": self.reader.expression,
            "otherwise": self.reader.value,
            "each": self._each,
            "sort": self._sort,
            "carry": self._carry,
            "type": self._node,
            "round": self._round,
            "on_error": self._on_error,
        }
        fields = self._with_each(self._fields(entry, readers))
        return NamedValue(**fields) if fields else None

    def charges(self, entry: Entry) -> Charge | None:
        reader = self.reader
        values: tuple[str, ...] = ("quantity", "base", "unit_amount", "flat_amount", "rate", "factor", "package_size")
        values += (
            "free_quantity",
            "free_amount",
            "already_rated",
            "already_billed",
            "weight",
            "minimum",
            "maximum",
            "minimum_each",
            "maximum_each",
        )
        readers: dict[str, Callable[[Node], Any]] = dict.fromkeys(values, reader.value)
        readers |= dict.fromkeys(("position", "when", "as_of", "split"), reader.expression)
        readers |= {
            "quantity_transform": partial(self._part, Transform),
            "commitment": partial(self._part, Commitment),
            "tax": partial(self._part, Tax),
            "discounts": partial(self._parts, Discount),
            "credits": partial(self._parts, Credit),
        }
        readers |= {
            "sum": self._names,
            "tiers": self._tiers,
            "each": self._each,
            "sort": self._sort,
            "carry": self._carry,
            "round": self._round,
            "round_each": self._round,
            "on_error": self._on_error,
        }
        fields = self._with_each(self._fields(entry, readers))
        return Charge(**fields) if fields else None

    def proration(self, entry: Entry) -> Proration | None:
        reader = self.reader
        written = ("period", "at", "starts", "ends", "trial_until", "direction", "restarts_period", "when", "as_of")
        readers: dict[str, Callable[[Node], Any]] = dict.fromkeys(written, reader.expression)
        readers |= dict.fromkeys(("credit", "charge", "paid", "credited"), reader.value)
        readers |= dict.fromkeys(("fraction", "unused"), self._ratio)
        readers |= dict.fromkeys(("behavior", "timing"), self._by_direction)
        readers |= dict.fromkeys(("round", "round_rate"), self._round)
        readers |= {
            "refund": partial(self._part, RefundOf),
            "timezone": reader.zone,
            "each": self._each,
            "sort": self._sort,
            "carry": self._carry,
            "on_error": self._on_error,
        }
        node = entry.value
        assert isinstance(node, Mapping)
        fields = self._with_each(self._fields(entry, readers))
        if fields is None:
            return None
        if "at" in node.entries:
            fields |= {"change_at": fields["at"], "at": entry.key_span}
        return Proration(**fields)

    def _ratio(self, node: Node) -> Ratio | None:
        assert isinstance(node, Mapping)
        parts = [self.reader.expression(node.entries[key].value) for key in ("numerator", "denominator")]
        if parts[0] is None or parts[1] is None:
            return None
        return Ratio(at=node.span, numerator=parts[0], denominator=parts[1])

    @staticmethod
    def _by_direction(node: Node) -> ByDirection:
        if isinstance(node, Mapping):
            return ByDirection(**plain(node))
        return ByDirection(upgrade=plain(node), downgrade=plain(node))

    def _part(self, kind: type[Part], node: Node) -> Part | None:
        """A small mapping of values, such as a tax or a discount."""
        assert isinstance(node, Mapping)
        fields: dict[str, Any] = {"at": node.span}
        for key, entry in node.entries.items():
            if key in ("id", "behavior", "true_up"):
                fields[key] = plain(entry.value)
            elif key in ("round", "round_each"):
                fields[key] = self._round(entry.value)
            elif key == "rates":
                fields[key] = self._parts(TaxRate, entry.value)
            elif key in ("when", "since"):
                fields[key] = self.reader.expression(entry.value)
            elif key != "description":
                fields[key] = self.reader.value(entry.value)
            if key in fields and fields[key] is None:
                return None
        return kind(**fields)

    def _parts(self, kind: type[Part], node: Node) -> tuple[Part, ...] | None:
        assert isinstance(node, Sequence)
        found = [self._part(kind, item) for item in node.items]
        return None if any(f is None for f in found) else tuple(f for f in found if f is not None)

    def _tiers(self, node: Node) -> tuple[Tier, ...] | Written | None:
        if not isinstance(node, Sequence):
            return self.reader.expression(node)
        tiers = []
        for item in node.items:
            assert isinstance(item, Mapping)
            fields = {key: self.reader.value(e.value) for key, e in item.entries.items()}
            if any(v is None for v in fields.values()):
                return None
            tiers.append(Tier(at=item.span, **fields))
        return tuple(tiers)

    def accounts(self, entry: Entry) -> Table | None:
        """A table whose one result, a node of the chart, goes without saying."""
        return self.tables(entry)

    def retries(self, entry: Entry) -> Retry | None:
        reader = self.reader
        readers: dict[str, Callable[[Node], Any]] = dict.fromkeys(("failures", "class"), reader.value)
        words = ("failed_at", "first_failed_at", "not_before", "never", "seed", "when", "as_of")
        readers |= dict.fromkeys(words, reader.expression)
        readers |= {
            "timezone": reader.zone,
            "classes": self._classes,
            "budgets": partial(self._parts, Budget),
            "on_error": self._on_error,
        }
        fields = self._fields(entry, readers)
        if fields is None:
            return None
        renamed = {"class": "class_of", "finally": "final"}
        return Retry(**{renamed.get(key, key): value for key, value in fields.items()})

    def _classes(self, node: Node) -> tuple[RetryClass, ...] | None:
        assert isinstance(node, Mapping)
        values = ("schedule", "wait", "base", "multiplier", "cap", "floor", "attempts", "within")
        readers: dict[str, Callable[[Node], Any]] = dict.fromkeys(values, self.reader.value)
        readers |= dict.fromkeys(("hours", "weekdays", "pay_days"), self._node) | {"jitter": self._jitter}
        found = []
        for entry in node.entries.values():
            fields = self._fields(entry, readers)
            if fields is None:
                return None
            found.append(RetryClass(**{"final" if key == "finally" else key: its for key, its in fields.items()}))
        return tuple(found)

    def _jitter(self, node: Node) -> Jitter | None:
        """`10%`, or `{from: 50%, to: 100%}` with the draw where it is given."""
        if not isinstance(node, Mapping):
            high = self.reader.value(node)
            return None if high is None else Jitter(at=node.span, high=high)
        fields = {key: self.reader.value(entry.value) for key, entry in node.entries.items()}
        high = fields["to"]
        if high is None or any(value is None for value in fields.values()):
            return None
        return Jitter(at=node.span, low=fields["from"], high=high, draw=fields.get("draw"))

    def entitlements(self, entry: Entry) -> Entitlement | None:
        return entitlements.read(self.reader, entry)

    def guards(self, entry: Entry) -> Guard | None:
        readers: dict[str, Callable[[Node], Any]] = {
            "when": self.reader.expression,
            "reason": self._sentence,
            "on_error": self._on_error,
        }
        fields = self._fields(entry, readers)
        return Guard(**fields) if fields else None

    def decisions(self, entry: Entry) -> Decision | None:
        def outputs(node: Node) -> dict[str, tuple[Span, Value]] | None:
            assert isinstance(node, Mapping)
            found = {e.key: (e.key_span, self.reader.value(e.value)) for e in node.entries.values()}
            if any(value is None for _, value in found.values()):
                return None
            return {key: (span, value) for key, (span, value) in found.items() if value is not None}

        readers: dict[str, Callable[[Node], Any]] = {
            "requires": self._names,
            "guards": self._names,
            "outputs": outputs,
            "input": outputs,
            "as_of": self.reader.expression,
            "when": self.reader.expression,
            "each": self._each,
            "sort": self._sort,
            "on_error": self._on_error,
        }
        fields = self._with_each(self._fields(entry, readers))
        return Decision(**fields) if fields else None

    def overrides(self, node: Node) -> Override | tuple[str, Span]:
        assert isinstance(node, Mapping)
        if "file" in node.entries:
            file = node.entries["file"].value
            return plain(file), file.span
        dates = plain(node.entries["effective"].value)
        given = node.entries["set"].value
        assert isinstance(given, Mapping)
        return Override(
            id=plain(node.entries["id"].value),
            tenant=plain(node.entries["tenant"].value),
            start=dates.get("from"),
            end=dates.get("until"),
            reason=plain(node.entries["reason"].value),
            set=given,
            at=node.entries["id"].value.span,
        )

    def tests(self, node: Node) -> Test:
        assert isinstance(node, Mapping)
        e = node.entries
        known = ("decide", "tenant", "event", "error", "input")
        given: dict[str, Any] = {key: plain(e[key].value) for key in known if key in e}
        if "at" in e:
            given["time"] = plain(e["at"].value)
        for key in ("rationale", "not_rationale"):
            if key in e:
                given[key] = tuple(plain(e[key].value))
        expect = e["expect"].value if "expect" in e else None
        assert expect is None or isinstance(expect, Mapping)
        return Test(name=plain(e["name"].value), at=e["name"].value.span, expect=expect, **given)
