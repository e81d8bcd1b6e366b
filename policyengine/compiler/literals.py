"""Literals: what a cell, a keyed value or a default means once its type is known.

A literal is first read as an exact value (Fraction for numbers), so that a column can choose one denominator for all of
its cells; `held` then gives the ints of the program.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from math import lcm
from typing import Any, NoReturn

from policyengine.compiler import diagnostics as say
from policyengine.language.closest import closest
from policyengine.language.declared import Declared, DeclaredGroup
from policyengine.language.expression import diagnostics as expression_say
from policyengine.language.yaml import Mapping, Node, Scalar, Sequence
from policyengine.source import Report, Span
from policyengine.values import types
from policyengine.values.civil import days_from_civil, parse_date
from policyengine.values.instant import Duration, Timestamp
from policyengine.values.invalid import InvalidValue
from policyengine.values.types import UNLIMITED, Number, Type, unit_text
from policyengine.values.zones import Zone

DAY = 86_400_000_000_000
Exact = Any


class Unreadable(Exception):
    """A literal is not of its type; the diagnostic has been reported."""


class Literals:
    """Reads literals of one bundle; `zone` is the bundle's time zone, None where it names none."""

    def __init__(self, report: Report, zone: Zone | None) -> None:
        self.report = report
        self.zone = zone

    def read(self, node: Node, declared: Declared | DeclaredGroup) -> Exact:
        """The exact value of a literal of a declared type; raises Unreadable after reporting."""
        if isinstance(declared, DeclaredGroup):
            return self._record(node, declared)
        match declared.type:
            case types.List():
                return self._list(node, declared)
            case types.Map():
                return self._map(node, declared)
            case types.Record() | types.Optional():
                raise AssertionError("records and optionals are declared as groups")
        if not isinstance(node, Scalar):
            self._refuse(node, str(declared.type))
        if node.broken:
            raise Unreadable
        return self.scalar(node.value, node.text, declared, node.span)

    def scalar(self, value: Any, text: str, declared: Declared, at: Span) -> Exact:
        """A single value, from YAML or from a CSV cell."""
        match declared.type:
            case Number() as number:
                return self._number(value, text, number, declared, at)
            case types.Limit(number=number):
                return UNLIMITED if text == UNLIMITED else self._number(value, text, number, declared, at)
            case types.Enum(members=members):
                if text not in members:
                    self.report.add(expression_say.not_a_member(text, members, str(declared.type), at))
                    raise Unreadable
                return text
            case types.BOOL:
                if not isinstance(value, bool):
                    hint = "leave the quotes out" if text in ("true", "false") else None
                    self._refused(text, "true or false", at, hint)
                return value
            case types.STRING:
                if not isinstance(value, str):
                    self._refused(text, "a text", at, "put it in quotes")
                return value
            case types.TIMESTAMP:
                return self.instant(text, at)
            case types.DURATION:
                return self._duration(text, at)
            case types.DATE:
                return self._date(text, at)
        self._refused(text, str(declared.type), at)

    def instant(self, text: str, at: Span) -> int:
        """A date, which begins at midnight in the bundle's zone, or a time with an offset; in nanoseconds."""
        try:
            if len(text) == 10:
                days = parse_date(text)
                if self.zone is None:
                    self.report.add(say.no_timezone(text, at))
                    raise Unreadable
                return int(self.zone.from_wall(days * DAY))
            return int(Timestamp.parse(text))
        except InvalidValue as fault:
            self.report.add(say.bad_date(text, at, fault.hint))
            raise Unreadable from None

    def _date(self, text: str, at: Span) -> int:
        try:
            return parse_date(text)
        except InvalidValue as fault:
            self.report.add(say.bad_date(text, at, fault.hint))
            raise Unreadable from None

    def _duration(self, text: str, at: Span) -> int:
        try:
            return int(Duration.parse_literal(text) if text[-1:] == "d" else Duration.parse(text))
        except InvalidValue:
            self._refused(text, "a duration such as `3d` or `12h`", at)

    def _number(self, value: Any, text: str, number: Number, declared: Declared, at: Span) -> Fraction:
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            self._refused(text, _wanted(number), at, _number_hint(text, number))
        n, den = value.as_integer_ratio()  # one fraction and not three: large tables read many numbers
        exact = Fraction(n * declared.factor.numerator, den * declared.factor.denominator)
        if number.integer and exact.denominator != 1:
            self._refused(text, _wanted(number), at)
        return exact

    def _list(self, node: Node, declared: Declared) -> Exact:
        assert isinstance(declared.type, types.List)
        assert declared.items is not None
        if not isinstance(node, Sequence):
            self._refuse(node, str(declared.type))
        if len(node.items) > declared.type.max:
            self._refused(f"{len(node.items)} items", f"at most {declared.type.max}", node.span)
        return tuple(self.read(item, declared.items) for item in node.items)

    def _map(self, node: Node, declared: Declared) -> Exact:
        assert declared.items is not None
        if not isinstance(node, Mapping):
            self._refuse(node, str(declared.type))
        return {key: self.read(entry.value, declared.items) for key, entry in node.entries.items()}

    def _record(self, node: Node, declared: DeclaredGroup) -> Exact:
        if not isinstance(node, Mapping):
            self._refuse(node, "a record")
        for key, entry in node.entries.items():
            if key not in declared.fields:
                hint = closest(key, declared.fields)
                self.report.add(say.bad_literal(f"`{key}`", "a field of the record", entry.key_span, hint))
                raise Unreadable
        values = []
        for name, (_, its) in declared.fields.items():
            entry_or_none = node.entries.get(name)
            if entry_or_none is not None:
                values.append(self.read(entry_or_none.value, its))
            elif isinstance(its, Declared) and its.default is not None:
                values.append(self.read(its.default, its))
            elif its.optional:
                values.append(None)
            else:
                self.report.add(say.missing_cell(name, node.span))
                raise Unreadable
        return tuple(values)

    def _refuse(self, node: Node, wanted: str) -> NoReturn:
        found = "a list" if isinstance(node, Sequence) else "a mapping" if isinstance(node, Mapping) else "a value"
        self.report.add(say.bad_literal(found, wanted, node.span))
        raise Unreadable

    def _refused(self, found: str, wanted: str, at: Span, hint: str | None = None) -> NoReturn:
        self.report.add(say.bad_literal(f"`{found}`" if found else "nothing", wanted, at, hint))
        raise Unreadable


def _number_hint(text: str, number: Number) -> str | None:
    """What to do about `5 USD`, or `5` in quotes, where a number stands."""
    digits, _, unit = text.strip().partition(" ")
    if not digits or digits.strip("0123456789_.-"):
        return None
    if not unit:
        return "leave the quotes out"
    return "leave the unit out: the type has it" if unit == unit_text(number.unit) else None


def _wanted(number: Number) -> str:
    word = "a whole number" if number.integer else "a number"
    return f"{word} ({number})" if number.unit else word


def tight(declared: Type, values: Iterable[Exact]) -> Type:
    """The declared type narrowed to exactly these values: one denominator for all, their own range."""
    known = [value for value in values if value is not None]
    match declared:
        case Number():
            if not known:
                return replace(declared, den=1, lo=0, hi=0)
            den = lcm(*{v.denominator for v in known})
            ns = [v.numerator * (den // v.denominator) for v in known]
            return replace(declared, den=den, lo=min(ns), hi=max(ns))
        case types.Limit(number=number):
            inner = tight(number, [v for v in known if v != UNLIMITED])
            assert isinstance(inner, Number)
            return types.Limit(inner)
        case types.Optional(item=item):
            return types.Optional(tight(item, known))
        case types.List(item=item):
            most = max((len(v) for v in known), default=0)
            return types.List(tight(item, [x for v in known for x in v]), most)
        case types.Map(key=key, value=value):
            return types.Map(key, tight(value, [x for v in known for x in v.values()]))
        case types.Record(name=name, fields=fields):
            tightened = tuple((f, tight(t, [v[i] for v in known])) for i, (f, t) in enumerate(fields))
            return types.Record(name, tightened)
        case types.Tiers():
            bounds = [b for v in known for b in v[0] if b is not None]
            parts = (tight(declared.bound, bounds), tight(declared.rate, [r for v in known for r in v[1]]))
            flat = tight(declared.flat, [f for v in known for f in v[2]])
            assert isinstance(parts[0], Number)
            assert isinstance(parts[1], Number)
            assert isinstance(flat, Number)
            return types.Tiers(parts[0], parts[1], flat)
    return declared


def held(value: Exact, its_type: Type) -> Any:
    """An exact value as the program holds it."""
    if value is None:
        return None
    match its_type:
        case Number(den=den):
            factor, rest = divmod(den, value.denominator)
            assert rest == 0
            return value.numerator * factor
        case types.Limit(number=number):
            return value if value == UNLIMITED else held(value, number)
        case types.Optional(item=item):
            return held(value, item)
        case types.List(item=item):
            return tuple(held(v, item) for v in value)
        case types.Map(value=of):
            return {k: held(v, of) for k, v in value.items()}
        case types.Record(fields=fields):
            return tuple(held(v, t) for v, (_, t) in zip(value, fields, strict=True))
        case types.Tiers():
            bounds, rates, flats = value
            return (
                tuple(held(b, its_type.bound) for b in bounds),
                tuple(held(r, its_type.rate) for r in rates),
                tuple(held(f, its_type.flat) for f in flats),
            )
    return value


__all__ = ["Exact", "Literals", "Unreadable", "days_from_civil", "held", "tight"]
