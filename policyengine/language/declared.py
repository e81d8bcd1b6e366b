"""Declared types: what `int token`, `{list: T, max: 10}` or a group of fields means.

A number's declaration says its unit, its range and its places. A unit may carry a factor, as in
`money / 1_000_000 token`: what is written is then divided by it, and the type is the same as that of `money / token`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from math import lcm

from policyengine.language import diagnostics as say
from policyengine.language.closest import closest
from policyengine.language.yaml import Mapping, Node, Scalar, Sequence, plain
from policyengine.source import Diagnostic, Report, Span
from policyengine.values import types
from policyengine.values.types import DEFAULT_BOUND, DEFAULT_PLACES, Number, Type, Unit

_WORD = re.compile(r"([A-Za-z][A-Za-z0-9_]*)\s*(.*)", re.DOTALL)
_FACTOR = re.compile(r"\s*([*/]?)\s*(?:([0-9][0-9_]*)\s+)?([A-Za-z][A-Za-z0-9_]*)")
_SIMPLE = {
    "bool": types.BOOL,
    "string": types.STRING,
    "timestamp": types.TIMESTAMP,
    "date": types.DATE,
    "duration": types.DURATION,
    "any": types.ANY,
}
MAP_KEYS_MAX = 1000
NAMED_DEPTH_MAX = 32


@dataclass(frozen=True, slots=True)
class Declared:
    """A leaf type. A written or given number x is held as the int `x * scale` over the type's denominator.

    `factor` is what one written unit is worth: 1/1_000_000 for `money / 1_000_000 token`.
    """

    type: Type
    scale: int = 1
    factor: Fraction = Fraction(1)
    optional: bool = False
    default: Node | None = None
    zone: str = ""
    zone_at: Span | None = None
    items: Declared | DeclaredGroup | None = None


@dataclass(frozen=True, slots=True)
class DeclaredGroup:
    fields: dict[str, tuple[Span, Declared | DeclaredGroup]]
    optional: bool = False


class TypeReader:
    """Reads declared types; `named` are the types of the bundle, `columns` reads the members of a CSV column."""

    def __init__(
        self,
        report: Report,
        named: dict[str, tuple[Span, Node]],
        money: str,
        columns: Callable[[str, Span], tuple[str, ...] | None],
    ) -> None:
        self.report = report
        self.nodes = named
        self.money = money
        self.columns = columns
        self.units: set[str] = set()
        self.done: dict[str, Declared | DeclaredGroup | None] = {}
        self.open: list[str] = []

    def named(self, name: str, at: Span) -> Declared | DeclaredGroup | None:
        """A type of the `types` section."""
        if name in self.done:
            return self.done[name]
        if name not in self.nodes:
            self._error("B004", "unknown_declared_type", f"unknown type `{name}`", at, closest(name, self.nodes))
            return None
        if len(self.open) >= NAMED_DEPTH_MAX:
            message = f"types name one another more than {NAMED_DEPTH_MAX} deep"
            self._error("B002", "cycle", message, at, "use fewer names in between")
            return None
        if name in self.open:
            path = " -> ".join([*self.open, name])
            self._error("B002", "cycle", f"these types contain one another: {path}", at, None)
            return None
        self.open.append(name)
        found = self.read(self.nodes[name][1])
        self.open.pop()
        if isinstance(found, Declared):
            match found.type:
                case types.Enum(members=members):
                    found = replace(found, type=types.Enum(name, members))
        self.done[name] = found
        return found

    def leaf(self, node: Node) -> Declared | None:
        """A type that is not a group."""
        found = self.read(node)
        if isinstance(found, DeclaredGroup):
            at = node.span
            self._error("B005", "bad_literal", "expected a type of a single value, found a group", at, None)
            return None
        return found

    def read(self, node: Node) -> Declared | DeclaredGroup | None:
        if isinstance(node, Scalar):
            return self.word(node.text, node.span)
        assert isinstance(node, Mapping)
        e = node.entries
        if "type" in e:
            return self._leaf(node)
        if "enum" in e:
            return self._with_attributes(self._enum(e["enum"].value), node)
        if "list" in e:
            return self._with_attributes(self._list(node), node)
        if "map" in e:
            return self._with_attributes(self._map(node), node)
        fields = e["fields"].value if "fields" in e else node
        assert isinstance(fields, Mapping)
        read = {entry.key: (entry.key_span, self.read(entry.value)) for entry in fields.entries.values()}
        found = {name: (span, its) for name, (span, its) in read.items() if its is not None}
        optional = "fields" in e and "optional" in e and plain(e["optional"].value) is True
        return DeclaredGroup(found, optional)

    def word(self, text: str, at: Span) -> Declared | DeclaredGroup | None:
        """A type written as a word, with a unit where it has one."""
        match = _WORD.fullmatch(text.strip())
        assert match is not None, "the schema has checked the form"
        word, rest = match.groups()
        if word in _SIMPLE:
            return Declared(_SIMPLE[word])
        if word in ("int", "decimal", "money", "limit"):
            return self._number(word, rest, at)
        return self.named(word, at)

    def _number(self, word: str, rest: str, at: Span) -> Declared | None:
        unit: Unit = ()
        if word == "money":
            if not self.money:
                hint = "say `currency: USD` in `bundle.yaml`"
                self._error("B033", "no_currency", "an amount of money needs the currency of the bundle", at, hint)
                return None
            unit = ((self.money, 1),)
        factor = Fraction(1)
        place = 0
        while place < len(rest):
            match = _FACTOR.match(rest, place)
            assert match is not None, "the schema has checked the form"
            sign, count, name = match.groups()
            times = Fraction(int((count or "1").replace("_", "")))
            self.units.add(name)
            unit = types.unit_product(unit, ((name, 1),), -1 if sign == "/" else 1)
            factor = factor / times if sign == "/" else factor * times
            place = match.end()
        return declared_number(word, unit, factor)

    def _leaf(self, node: Mapping) -> Declared | DeclaredGroup | None:
        e = node.entries
        scalar = e["type"].value
        assert isinstance(scalar, Scalar)
        found = self.word(scalar.text, scalar.span)
        if found is None or isinstance(found, DeclaredGroup):
            return found
        bounds = {key: e[key].value for key in ("min", "max", "places") if key in e}
        found = self.ranged(found, **bounds)
        if "zone" in e:
            found = replace(found, zone=str(plain(e["zone"].value)), zone_at=e["zone"].value.span)
        return self._with_attributes(found, node)

    def ranged(
        self, found: Declared, min: Node | None = None, max: Node | None = None, places: Node | None = None
    ) -> Declared:
        """The same type with a tighter range and its own number of places."""
        number = found.type.number if isinstance(found.type, types.Limit) else found.type
        if not isinstance(number, Number):
            for key, node in (("min", min), ("max", max), ("places", places)):
                if node is not None:
                    message = f"`{key}` does not apply to {found.type}"
                    self._error("B005", "bad_literal", message, node.span, None)
            return found
        kept = 0 if number.integer else DEFAULT_PLACES if places is None else int(plain(places))
        low, high = (None if node is None else self._bound(node) for node in (min, max))
        for bound in (low, high):
            while bound is not None and (bound * 10**kept).denominator != 1 and kept < 34:
                kept += 1
        number, scale = sized(number, found.factor, kept, low, high)
        whole: Type = types.Limit(number) if isinstance(found.type, types.Limit) else number
        return replace(found, type=whole, scale=scale)

    def _bound(self, node: Node) -> Fraction | None:
        value = plain(node)
        if isinstance(value, str):
            match = re.match(r"-?[0-9][0-9_]*(\.[0-9]+)?", value)
            return Fraction(match.group().replace("_", "")) if match else None
        return Fraction(value)

    def _with_attributes(
        self, found: Declared | DeclaredGroup | None, node: Mapping
    ) -> Declared | DeclaredGroup | None:
        if not isinstance(found, Declared):
            return found
        e = node.entries
        if "default" in e:
            found = replace(found, default=e["default"].value)
        if "optional" in e and plain(e["optional"].value) is True:
            found = replace(found, optional=True)
        return found

    def _enum(self, node: Node) -> Declared | None:
        if isinstance(node, Mapping):
            place = node.entries["column"].value
            members = self.columns(str(plain(place)), place.span)
            return None if members is None else Declared(types.Enum("", members))
        assert isinstance(node, Sequence)
        texts = [item.text if isinstance(item, Scalar) else "" for item in node.items]
        return Declared(types.Enum("", tuple(dict.fromkeys(texts))))

    def _list(self, node: Mapping) -> Declared | None:
        item = self.read(node.entries["list"].value)
        most = int(str(plain(node.entries["max"].value)).replace("_", ""))
        if item is None:
            return None
        return Declared(types.List(item_type(item), most), items=item)

    def _map(self, node: Mapping) -> Declared | None:
        value = self.read(node.entries["map"].value)
        if value is None:
            return None
        return Declared(types.Map(types.STRING, item_type(value)), items=value)

    def _error(self, code: str, name: str, message: str, at: Span, hint: str | None) -> None:
        self.report.add(Diagnostic(code, name, message, at, hint))


def item_type(item: Declared | DeclaredGroup) -> Type:
    """The type of one element: a group becomes a record."""
    if isinstance(item, Declared):
        optional = item.optional and item.default is None
        return types.Optional(item.type) if optional else item.type
    fields = tuple((name, item_type(its)) for name, (_, its) in item.fields.items())
    return types.Optional(types.Record("", fields)) if item.optional else types.Record("", fields)


def declared_number(word: str, unit: Unit, factor: Fraction) -> Declared:
    """A number type with the default range of its word."""
    integer = word == "int" and factor.denominator == 1
    places = 0 if word == "int" else DEFAULT_PLACES
    base = Number(integer, unit)
    if word == "int" and not unit:
        return Declared(base)
    number, scale = sized(base, factor, places, None, None)
    return Declared(types.Limit(number) if word == "limit" else number, scale, factor)


def sized(
    number: Number, factor: Fraction, places: int, low: Fraction | None, high: Fraction | None
) -> tuple[Number, int]:
    """A number type for written values of so many places between two bounds, and the scale of written values."""
    den = 10**places * factor.denominator
    scale = 10**places * factor.numerator
    common = lcm(den, 1)
    bare_int = number.integer and not number.unit
    least = types.INT64_MIN if bare_int else -(DEFAULT_BOUND * 10**places - 1) * factor.numerator
    most = types.INT64_MAX if bare_int else (DEFAULT_BOUND * 10**places - 1) * factor.numerator
    lo = least if low is None else max(least, int(low * scale))
    hi = most if high is None else min(most, int(high * scale))
    return Number(number.integer, number.unit, common, lo, hi), scale


__all__ = ["Declared", "DeclaredGroup", "TypeReader", "declared_number", "item_type", "say", "sized"]
