"""What the sections of a bundle mean, for one input, tenant and instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from oracle import numbers
from oracle.bundle import (
    Bundle,
    Cell,
    Charge,
    Choice,
    Dated,
    Decision,
    Fact,
    Fold,
    Group,
    Keyed,
    Override,
    Record,
    Round,
    Row,
    Table,
    Tier,
    Value,
)
from oracle.expressions import Locals, evaluate, settled
from oracle.outcome import ABSENT, Failed, any_of, leftmost
from oracle.tree import Kind, Tree

NO_MATCH = Failed.of("no_match")
SEVERAL_MATCH = Failed.of("several_match")
UNAVAILABLE = Failed.of("unavailable")
OUT_OF_RANGE = Failed.of("out_of_range")
TIES = Failed.of("ties")
CURRENCY_PLACES = {"USD": 2, "EUR": 2, "JPY": 0, "KWD": 3}
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _Unavailable:
    """Stands in an input for a fact that the host could not fetch."""

    def __repr__(self) -> str:
        return "unavailable"


NOT_FETCHED = _Unavailable()


def midnight(date: str, zone: str) -> int:
    """The instant at which a date of the bundle begins, in nanoseconds."""
    local = datetime.fromisoformat(date).replace(tzinfo=ZoneInfo(zone))
    return (local - EPOCH) // timedelta(microseconds=1) * 1000


class Answer:
    """One evaluation of a bundle; each name is computed when it is first asked for."""

    def __init__(self, bundle: Bundle, facts: dict[str, Any], tenant: str | None, at: int) -> None:
        self.bundle = bundle
        self.facts = facts
        self.tenant = tenant
        self.at = at
        self.known: dict[str, Any] = {}

    # ------------------------------------------------------------------------------------------------- decisions

    def outputs(self, decision: Decision) -> dict[str, Any]:
        return {name: evaluate(tree, self) for name, tree in decision.outputs.items()}

    def asked(self, name: str) -> dict[str, Any]:
        """What an entry point answers with: a decision's outputs and guards, or a node's own fields."""
        bundle = self.bundle
        if name in bundle.decisions:
            decision = bundle.decisions[name]
            return {**self.outputs(decision), **self.guards(decision)}
        if name in bundle.tables:
            return {column: self.read(f"{name}.{column}") for column in bundle.tables[name].then}
        if name in bundle.charges:
            charge = bundle.charges[name]
            parts = {"amount": True, "quantity": charge.quantity, "free_used": charge.free_quantity}
            return {part: self.read(f"{name}.{part}") for part, written in parts.items() if written is not None}
        named = bundle.values.get(name)
        if isinstance(named, Fold):
            return {part: self.read(f"{name}.{part}") for part in ("items", *named.carry)}
        return {name if name in bundle.guards else "value": self.read(name)}

    def guards(self, decision: Decision) -> dict[str, Any]:
        """What each guard of the decision says: whether it speaks."""
        return {name: self.read(name) for name in decision.guards}

    def checks(self) -> list[Any]:
        return [evaluate(check, self) for check in self.bundle.checks]

    def effect(self, decision: Decision) -> str:
        """The strictest effect of the guards that speak."""
        order = ("allow", "review", "deny")
        spoken = [self.bundle.guards[name].effect for name, fired in self.guards(decision).items() if fired is True]
        return max(spoken, key=order.index, default="allow")

    # ----------------------------------------------------------------------------------------------------- names

    def read(self, path: str) -> Any:
        if path not in self.known:
            self.known[path] = self._read(path)
        return self.known[path]

    def _read(self, path: str) -> Any:
        if path == "at":
            return self.at
        head, _, rest = path.partition(".")
        bundle = self.bundle
        if head in bundle.inputs:
            return self._fact(path.split("."))
        if head in bundle.parameters:
            return self._parameter(head)
        if head in bundle.tables:
            return self._column(bundle.tables[head], head, rest)
        if head in bundle.charges:
            return self._charge(head, rest)
        if head in bundle.guards:
            return evaluate(bundle.guards[head].when, self)
        named = bundle.values[head]
        if isinstance(named, Fold):
            return self._fold(named)[rest]
        value = self._value(named)
        return value[rest] if rest and isinstance(value, dict) else self._member(named, rest) if rest else value

    def is_present(self, path: str) -> Any:
        """`has(path)`: an optional input, a group, or a node with a condition; a failed condition fails."""
        head = path.split(".")[0]
        if head in self.bundle.inputs:
            return self._is_given(path.split("."))
        if head in self.bundle.charges:
            when = self.bundle.charges[head].when
            assert when is not None
            return evaluate(when, self)
        if head in self.bundle.tables:
            table = self.bundle.tables[head]
            found = [self.is_present(need) for need in table.needs]
            if failed := leftmost(found):
                return failed
            if not all(found):
                return False
            if path == head:
                return True
            value = self.read(path)
            return value if isinstance(value, Failed) else value is not ABSENT
        named = self.bundle.values[head]
        assert isinstance(named, Value)
        assert named.when is not None
        return evaluate(named.when, self)

    # ---------------------------------------------------------------------------------------------------- inputs

    def _fact(self, path: list[str]) -> Any:
        declared: Fact | Group = Group(self.bundle.inputs)
        given: Any = self.facts
        for part in path:
            assert isinstance(declared, Group)
            declared = declared.fields[part]
            given = given.get(part) if isinstance(given, dict) else None
            if given is NOT_FETCHED:
                return UNAVAILABLE
        assert isinstance(declared, Fact)
        if given is None:
            return ABSENT if declared.default is None else held(declared.default, declared.kind)
        return held(given, declared.kind)

    def _is_given(self, path: list[str]) -> Any:
        """Whether every optional part of a path was given; a part that could not be fetched fails."""
        declared: Fact | Group = Group(self.bundle.inputs)
        given: Any = self.facts
        for part in path:
            assert isinstance(declared, Group)
            declared = declared.fields[part]
            given = given.get(part) if isinstance(given, dict) else None
            if given is NOT_FETCHED:
                return UNAVAILABLE
            if declared.optional and given is None:
                return False
        return True

    # ----------------------------------------------------------------------------- values of one grammar, overrides

    def _parameter(self, name: str) -> Any:
        parameter = self.bundle.parameters[name]
        found = self._literal(parameter.value, ())
        if isinstance(found, Failed):
            return found
        literal, path = found
        literal = self._overridden(name, path, "value", literal)
        return scaled(literal, parameter.kind, parameter.per)

    def _literal(self, value: Any, path: tuple[str, ...], key: Any = None) -> Any:
        """The leaf that holds and its path of keys: a key chooses a case, the instant a step. Nothing is a failure."""
        match value:
            case Keyed():
                chosen = key if key is not None else evaluate(value.key, self)
                if isinstance(chosen, Failed):
                    return chosen
                word = str(chosen).lower() if isinstance(chosen, bool) else str(chosen)
                if word in value.cases:
                    return self._literal(value.cases[word], (*path, word))
                return NO_MATCH if value.otherwise is None else self._literal(value.otherwise, (*path, "otherwise"))
            case Dated(steps=steps):
                current = [inner for start, inner in steps if start <= self.at]
                return self._literal(current[-1], path) if current else NO_MATCH
        return value, path

    def _overridden(self, name: str, path: tuple[str, ...], column: str, own: Any) -> Any:
        """A tenant's value for one leaf where an override is in force, else its own."""
        for override in self.bundle.overrides:
            if override.tenant == self.tenant and in_force(override, self.at) and (name, path, column) in override.set:
                return override.set[name, path, column]
        return own

    # ---------------------------------------------------------------------------------------------------- tables

    def _column(self, table: Table, name: str, column: str) -> Any:
        if table.needs:
            present = self.is_present_all(table.needs)
            if present is not True:
                return present if isinstance(present, Failed) else ABSENT
        keys = [evaluate(tree, self) for tree in table.when.values() if isinstance(tree, Tree)]
        return leftmost(keys) or self._cell(table, name, keys, column)

    def is_present_all(self, paths: tuple[str, ...]) -> Any:
        found = [self.is_present(path) for path in paths]
        if any(value is False for value in found):
            return False
        return leftmost(found) or True

    def call(self, name: str, keys: list[Any], column: str) -> Any:
        if name in self.bundle.parameters:
            parameter = self.bundle.parameters[name]
            found = self._literal(parameter.value, (), keys[0])
            if isinstance(found, Failed):
                return found
            return scaled(self._overridden(name, found[1], "value", found[0]), parameter.kind, parameter.per)
        return self._cell(self.bundle.tables[name], name, keys, column)

    def _cell(self, table: Table, name: str, keys: list[Any], column: str) -> Any:
        row = select(table, keys, self.at)
        if isinstance(row, Failed):
            return row
        its = table.then[column]
        literal = self._overridden(name, (row.id,), column, row.results.get(column))
        return ABSENT if literal is None else scaled(literal, its.kind, its.per)

    # ---------------------------------------------------------------------------------------------------- values

    def _value(self, named: Value) -> Any:
        if named.when is None:
            return self._rounded(self._content(named.value), named.round)
        holds = evaluate(named.when, self)
        if isinstance(holds, Failed):
            return holds
        if holds:
            return self._rounded(self._content(named.value), named.round)
        return ABSENT if named.otherwise is None else self._content(named.otherwise)

    def _content(self, value: Any, local: Locals | None = None) -> Any:
        match value:
            case Tree():
                return evaluate(value, self, local)
            case Choice():
                holds = evaluate(value.when, self, local)
                if isinstance(holds, Failed):
                    return holds
                return self._content(value.value if holds else value.otherwise, local)
            case Record(fields=fields):
                parts = {name: evaluate(tree, self, local) for name, tree in fields.items()}
                return leftmost(list(parts.values())) or parts
            case Keyed() | Dated():
                found = self._literal(value, ())
                return found if isinstance(found, Failed) else held(found[0], _kind_of(found[0]))
        raise TypeError(value)

    def _member(self, named: Value, field: str) -> Any:
        """`name.field` of a record is demanded alone: another member's failure is not its own."""
        assert isinstance(named.value, Record)
        return evaluate(named.value.fields[field], self)

    def _rounded(self, value: Any, how: Round | None) -> Any:
        if how is None or isinstance(value, Failed):
            return value
        places = CURRENCY_PLACES[self.bundle.currency] if how.places == "currency" else int(how.places)
        result = numbers.rounded(Fraction(value), places, how.mode)
        return settled(result, Kind("int")) if isinstance(value, int) else result

    def _fold(self, fold: Fold) -> dict[str, Any]:
        """`items` and every carried state.

        A carried state that fails at an element fails all of them; an element's value that fails fails `items` alone.
        """
        items = evaluate(fold.over, self)
        state = {name: self._bounded(evaluate(c.start, self), c.kind, c) for name, c in fold.carry.items()}
        names = ["items", *state]
        if isinstance(items, Failed):
            return dict.fromkeys(names, items)
        items = self._sorted(fold, items)
        if isinstance(items, Failed):
            return dict.fromkeys(names, items)
        collected: list[Any] = []
        failed_value: Failed | None = None
        for item in items:
            inner = {fold.item: item, **state}
            holds = True if fold.when is None else evaluate(fold.when, self, inner)
            if isinstance(holds, Failed):
                return {**dict.fromkeys(names, holds), "items": failed_value or holds}
            if holds:
                value = self._rounded(self._content(fold.value, inner), fold.round)
                members = value if isinstance(value, dict) else {}
                if isinstance(fold.value, Record):
                    members = {name: evaluate(tree, self, inner) for name, tree in fold.value.fields.items()}
                collected.append(value)
                failed_value = failed_value or (value if isinstance(value, Failed) else None)
                scope = {**inner, **members}
                state = {n: self._bounded(evaluate(c.next, self, scope), c.kind, c) for n, c in fold.carry.items()}
            if failed := leftmost(list(state.values())):
                return {**dict.fromkeys(names, failed), "items": failed_value or failed}
        return {"items": failed_value or tuple(collected), **state}

    def _bounded(self, value: Any, kind: Kind, carried: Any) -> Any:
        if isinstance(value, Failed):
            return value
        low_enough = carried.high is None or value <= carried.high
        high_enough = carried.low is None or value >= carried.low
        return settled(value, kind) if low_enough and high_enough else OUT_OF_RANGE

    def _sorted(self, fold: Fold, items: tuple[Any, ...]) -> Any:
        if not fold.sort:
            return items
        keys = [tuple(evaluate(tree, self, {fold.item: item}) for tree, _ in fold.sort) for item in items]
        if failed := leftmost([part for key in keys for part in key]):
            return failed
        if len(set(keys)) != len(keys):
            return TIES
        signs = [-1 if falls else 1 for _, falls in fold.sort]
        ranks = [tuple(sign * part for sign, part in zip(signs, key, strict=True)) for key in keys]
        return tuple(items[i] for i in sorted(range(len(items)), key=ranks.__getitem__))

    # --------------------------------------------------------------------------------------------------- charges

    def _charge(self, name: str, part: str) -> Any:
        """One field of a charge; a charge whose condition does not hold has none."""
        charge = self.bundle.charges[name]
        if charge.when is not None:
            holds = evaluate(charge.when, self)
            if holds is not True:
                return holds if isinstance(holds, Failed) else ABSENT
        if part == "quantity":
            assert charge.quantity is not None
            return evaluate(charge.quantity, self)
        if part == "free_used":
            return self._free_used(charge)
        assert part == "amount", part
        return self._rounded(self._price(charge), charge.round)

    def _price(self, charge: Charge) -> Any:
        if charge.sum:
            return self._sum(charge)
        if charge.model == "flat":
            assert charge.flat_amount is not None
            return _decimal(evaluate(charge.flat_amount, self))
        slice_ = self._slice(charge)
        rates = [evaluate(charge.unit_amount, self)] if charge.unit_amount is not None else []
        if charge.model == "per_unit":
            failed = any_of([slice_, *rates])
            return failed or Fraction((slice_[1] - slice_[0]) * rates[0])
        tiers = [self._tier(tier) for tier in charge.tiers]
        numbers_of_tiers = [value for _, rate, flat in tiers for value in (rate, flat)]
        if failed := any_of([slice_, *rates, *numbers_of_tiers]):
            return failed
        before, after = slice_
        price = graduated if charge.mode == "graduated" else volume
        units = price(tiers, after) - price(tiers, before)
        flats = _flat(charge, tiers, after, bool(charge.flat_at_zero)) - _flat(charge, tiers, before, False)
        return Fraction(units * (rates[0] if rates else 1) + flats)

    def _sum(self, charge: Charge) -> Any:
        """The sum of the charges that are there."""
        amounts = [self.read(f"{name}.amount") for name in charge.sum]
        return leftmost(amounts) or sum((a for a in amounts if a is not ABSENT), Fraction(0))

    def _tier(self, tier: Tier) -> tuple[Fraction | None, Any, Any]:
        rate = tier.factor if tier.factor is not None else tier.unit_amount
        return (
            tier.up_to,
            Fraction(0) if rate is None else evaluate(rate, self),
            Fraction(0) if tier.flat_amount is None else evaluate(tier.flat_amount, self),
        )

    def _slice(self, charge: Charge) -> Any:
        """The billable cumulative quantity before and after this charge: what lies beyond the free quantity."""
        cumulative = self._cumulative(charge)
        free = Fraction(0) if charge.free_quantity is None else evaluate(charge.free_quantity, self)
        if failed := any_of([cumulative, free]):
            return failed
        return tuple(max(Fraction(quantity) - free, Fraction(0)) for quantity in cumulative)

    def _cumulative(self, charge: Charge) -> Any:
        assert charge.quantity is not None
        quantity = evaluate(charge.quantity, self)
        if charge.already_rated is None:
            return quantity if isinstance(quantity, Failed) else (Fraction(0), quantity)
        before = evaluate(charge.already_rated, self)
        if failed := any_of([before, quantity]):
            return failed
        whole = isinstance(before, int) and isinstance(quantity, int)
        after = settled(before + quantity, Kind("int" if whole else "decimal"))
        return after if isinstance(after, Failed) else (before, after)

    def _free_used(self, charge: Charge) -> Any:
        assert charge.free_quantity is not None
        cumulative, free = self._cumulative(charge), evaluate(charge.free_quantity, self)
        if failed := any_of([cumulative, free]):
            return failed
        before, after = cumulative
        return min(Fraction(after), Fraction(free)) - min(Fraction(before), Fraction(free))


# ------------------------------------------------------------------------------------------------------ free of state


Tiers = list[tuple[Fraction | None, Any, Any]]


def graduated(tiers: Tiers, quantity: Fraction) -> Fraction:
    """Each tier prices what lies in it."""
    total, floor = Fraction(0), Fraction(0)
    for up_to, rate, _ in tiers:
        ceiling = quantity if up_to is None else min(up_to, quantity)
        total += max(ceiling - floor, Fraction(0)) * rate
        floor = max(floor, ceiling)
    return total


def volume(tiers: Tiers, quantity: Fraction) -> Fraction:
    """The tier that is reached prices everything."""
    return reached(tiers, quantity)[1] * quantity if quantity > 0 else Fraction(0)


def reached(tiers: Tiers, quantity: Fraction) -> tuple[Fraction | None, Any, Any]:
    """The tier that holds a quantity; upper bounds are inclusive."""
    return next(tier for tier in tiers if tier[0] is None or quantity <= tier[0])


def _flat(charge: Charge, tiers: Tiers, quantity: Fraction, at_zero: bool) -> Fraction:
    """The flat amounts due by a cumulative quantity: of every tier entered, or of the one that is reached."""
    if quantity == 0:
        return Fraction(tiers[0][2]) if at_zero else Fraction(0)
    if charge.mode == "volume":
        return Fraction(reached(tiers, quantity)[2])
    total, below = Fraction(0), Fraction(0)
    for up_to, _, flat in tiers:
        if quantity > below:
            total += flat
        below = quantity if up_to is None else up_to
    return total


def select(table: Table, keys: list[Any], at: int) -> Any:
    """The row that the hit policy gives."""
    rows = [row for row in table.rows if _in_its_time(row, at) and _applies(table, row, keys)]
    if not rows:
        if isinstance(table.otherwise, dict):
            return Row("otherwise", {}, table.otherwise)
        return NO_MATCH
    if table.hit == "unique" and len(rows) > 1:
        return SEVERAL_MATCH
    if table.hit == "most_specific":
        ranks = [specificity(row) for row in rows]
        assert ranks.count(max(ranks)) == 1, "a generated table has a single winner"
        return rows[ranks.index(max(ranks))]
    return rows[0]


def specificity(row: Row) -> int:
    return sum(cell.form != "all" for cell in row.cells.values())


def _in_its_time(row: Row, at: int) -> bool:
    return (row.start is None or row.start <= at) and (row.end is None or at < row.end)


def _applies(table: Table, row: Row, keys: list[Any]) -> bool:
    return all(accepts(row.cells.get(name), key) for name, key in zip(table.when, keys, strict=True))


def accepts(cell: Cell | None, key: Any) -> bool:
    """Whether a condition holds of a value; a cell that is not there accepts everything."""
    if cell is None:
        return True
    match cell.form:
        case "all":
            return True
        case "is":
            return bool(cell.value == key)
        case "any":
            return any(accepts(each, key) for each in cell.value)
        case "not":
            return not accepts(cell.value, key)
        case "range":
            above = cell.low is None or key > cell.low or (cell.low_in and key == cell.low)
            below = cell.high is None or key < cell.high or (cell.high_in and key == cell.high)
            return above and below
        case "starts_with":
            return bool(key.startswith(cell.value))
        case "ends_with":
            return bool(key.endswith(cell.value))
        case "contains":
            return cell.value in key
    raise ValueError(cell.form)


def in_force(override: Override, at: int) -> bool:
    return override.start <= at and (override.end is None or at < override.end)


def scaled(literal: Any, kind: Kind, per: int) -> Any:
    """A literal in the unit of its type: `0.15` of `money / 1_000 token` is 0.00015 a token."""
    return Fraction(literal) / per if kind.word == "decimal" else held(literal, kind)


def held(given: Any, kind: Kind) -> Any:
    """A given value as the oracle computes with it."""
    if kind.is_whole:
        return int(given)
    if kind.word == "decimal":
        return Fraction(given)
    if kind.word == "list":
        assert kind.item is not None
        item = kind.item
        return tuple(held(each, item) for each in given)
    if kind.word == "record":
        return {name: held(given[name], its) for name, its in kind.fields}
    return given


def _kind_of(literal: Any) -> Kind:
    if isinstance(literal, bool):
        return Kind("bool")
    if isinstance(literal, int):
        return Kind("int")
    return Kind("decimal") if isinstance(literal, Fraction | Decimal) else Kind("string")


def _decimal(value: Any) -> Any:
    return value if isinstance(value, Failed) else Fraction(value)
