"""The reference interpreter: the specification of the language, and the one that explains.

It reads the same nodes as the code generator but ignores denominators: it computes with ints and Fractions and shares
no rounding or rescaling with generated code, so that comparing the two tests the compiler's inference. Nodes run in
the program's order; what was demanded of each is recorded, for the rationale.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from policyengine.runtime import cells, failure
from policyengine.runtime.exact import round_fraction
from policyengine.runtime.failure import Failure
from policyengine.runtime.functions import FUNCTIONS
from policyengine.runtime.program import (
    All,
    Any_,
    Call,
    CellOverride,
    Column,
    Const,
    Entry,
    Expr,
    Fact,
    Field,
    Fold,
    If,
    Let,
    Local,
    MakeList,
    MakeMap,
    MakeRecord,
    MakeTiers,
    Program,
    Read,
    Row,
    TableData,
    reads,
)
from policyengine.values import types
from policyengine.values.instant import Duration, Timestamp
from policyengine.values.types import Type

UNLIMITED = cells.UNLIMITED


def exact(value: Any, its_type: Type) -> Any:
    """A held value (ints over static denominators) as the interpreter computes with it."""
    match its_type:
        case types.Number(integer=True):
            return value
        case types.Number(den=den):
            return Fraction(value, den)
        case types.Limit(number=number):
            return value if value == UNLIMITED else exact(value, number)
        case types.Optional(item=item):
            return None if value is None else exact(value, item)
        case types.List(item=item):
            return tuple(exact(v, item) for v in value)
        case types.Map(value=of):
            return {k: exact(v, of) for k, v in value.items()}
        case types.Record(fields=fields):
            return tuple(exact(v, t) for v, (_, t) in zip(value, fields, strict=True))
        case types.Tiers():
            bounds, rates, flats = value
            return (
                tuple(None if b is None else exact(b, its_type.bound) for b in bounds),
                tuple(exact(r, its_type.rate) for r in rates),
                tuple(exact(f, its_type.flat) for f in flats),
            )
    return value


def held(value: Any, its_type: Type) -> Any:
    """The inverse of `exact`: a value as generated code gives it."""
    if isinstance(value, Failure) or value is None:
        return value
    match its_type:
        case types.Number(den=den):
            scaled = Fraction(value) * den
            assert scaled.denominator == 1, "a value fits its static denominator"
            return scaled.numerator
        case types.Quotient():
            return (Fraction(value).numerator, Fraction(value).denominator)
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
    return value


@dataclass(slots=True)
class Trace:
    """What one evaluation found: each node's value (or Failure) and the nodes whose value it really asked for."""

    values: dict[str, Any] = field(default_factory=dict)
    demanded: dict[str, list[str]] = field(default_factory=dict)
    overrides: dict[str, int] = field(default_factory=dict)
    """Column node -> the override whose value it took."""


def run(program: Program, order: Sequence[str], facts: Sequence[Any], tenant: str | None) -> Trace:
    """Evaluate nodes in order. `facts` are held values (or a Failure) by fact index."""
    machine = _Machine(program, facts, tenant)
    for name in order:
        machine.node(name)
    return machine.trace


def evaluated(program: Program, trace: Trace, facts: Sequence[Any], tenant: str | None, expr: Expr) -> Any:
    """The value of one expression of a program, over the node values of a trace."""
    machine = _Machine(program, facts, tenant)
    machine.trace = Trace(dict(trace.values), {"": []})
    return machine.value(expr, {})


class _Machine:
    def __init__(self, program: Program, facts: Sequence[Any], tenant: str | None) -> None:
        self.program = program
        self.facts = facts
        self.cells = program.tenant_cells.get(tenant, {}) if tenant is not None else {}
        self.trace = Trace()
        self.current = ""

    def node(self, name: str) -> None:
        self.current = name
        self.trace.demanded[name] = []
        self.trace.values[name] = self.value(self.program.nodes[name].expr, {})

    def value(self, expr: Expr, local: dict[str, Any]) -> Any:
        match expr:
            case Const():
                return exact(expr.value, expr.type)
            case Fact():
                held = self.facts[expr.index]
                return held if isinstance(held, Failure) else exact(held, self.program.facts[expr.index].type)
            case Read(node=name):
                self.trace.demanded[self.current].append(name)
                return self.trace.values[name]
            case Local(name=name):
                return local[name]
            case Call():
                return self._call(expr, local)
            case If():
                chosen = self.value(expr.condition, local)
                if isinstance(chosen, Failure):
                    return chosen
                return self.value(expr.then if chosen else expr.otherwise, local)
            case All():
                return self._logic(expr.operands, local, decides=False)
            case Any_():
                return self._logic(expr.operands, local, decides=True)
            case Let():
                return self.value(expr.body, {**local, expr.name: self.value(expr.value, local)})
            case Field():
                return self._field(expr, local)
            case MakeRecord() | MakeList():
                return self._items(expr.items, local)
            case MakeMap():
                return self._map(expr, local)
            case Fold():
                return self._fold(expr, local)
            case Row():
                return self._row(expr, local)
            case Column():
                return self._column(expr, local)
            case MakeTiers():
                return self._tiers(expr, local)

    def _items(self, exprs: Sequence[Expr], local: dict[str, Any]) -> Any:
        """The values of all, or the leftmost failure."""
        values = tuple([self.value(e, local) for e in exprs])
        return next((v for v in values if isinstance(v, Failure)), values)

    def _logic(self, operands: Sequence[Expr], local: dict[str, Any], decides: bool) -> Any:
        failed: Failure | None = None
        for operand in operands:
            found = self.value(operand, local)
            if isinstance(found, Failure):
                failed = failed or found
            elif found is decides:
                return decides
        return not decides if failed is None else failed

    def _field(self, expr: Field, local: dict[str, Any]) -> Any:
        target = self.value(expr.target, local)
        if isinstance(target, Failure):
            return target
        assert isinstance(expr.target.type, types.Record)
        names = [name for name, _ in expr.target.type.fields]
        return target[names.index(expr.name)]

    def _map(self, expr: MakeMap, local: dict[str, Any]) -> Any:
        keys, values = self._items(expr.keys, local), self._items(expr.values, local)
        if isinstance(keys, Failure):
            return keys
        if isinstance(values, Failure):
            return values
        made = dict(zip(keys, values, strict=True))
        return made if len(made) == len(keys) else failure.REPEATED_KEY

    def _fold(self, expr: Fold, local: dict[str, Any]) -> Any:
        over = self.value(expr.over, local)
        if isinstance(over, Failure):
            return over
        state = [self.value(start, local) for start in expr.starts]
        for index, item in enumerate(over):
            inner = {**local, **dict(zip(expr.state, state, strict=True)), expr.item: item}
            if expr.index:
                inner[expr.index] = index
            if expr.stop is not None and self.value(expr.stop, inner) is True:
                break
            state = [self.value(step, inner) for step in expr.steps]
            if not expr.absorb:
                failed = next((s for s in state if isinstance(s, Failure)), None)
                if failed is not None:
                    return failed
        return self.value(expr.result, {**local, **dict(zip(expr.state, state, strict=True))})

    def _tiers(self, expr: MakeTiers, local: dict[str, Any]) -> Any:
        parts = [self._items(part, local) for part in (expr.bounds, expr.rates, expr.flats)]
        failed = next((p for p in parts if isinstance(p, Failure)), None)
        if failed is not None:
            return failed
        return ((*parts[0], None), parts[1], parts[2])

    # ---------------------------------------------------------------------------------------------------- tables

    def _row(self, expr: Row, local: dict[str, Any]) -> Any:
        table = self.program.tables[expr.table]
        keys = self._items(expr.keys, local)
        if isinstance(keys, Failure):
            return keys
        at = None if expr.at is None else self.value(expr.at, local)
        if isinstance(at, Failure):
            return at
        return select(table, keys, at)

    def _column(self, expr: Column, local: dict[str, Any]) -> Any:
        row = self.value(expr.row, local)
        if isinstance(row, Failure):
            return row
        if isinstance(row, tuple):
            found = tuple([self._cell(expr, r, local) for r in row])
            return next((f for f in found if isinstance(f, Failure)), found)
        return self._cell(expr, row, local)

    def _cell(self, expr: Column, row: int, local: dict[str, Any]) -> Any:
        table = self.program.tables[expr.table]
        own = table.columns[expr.column][row]
        its_type = table.column_types[expr.column]
        candidates = self.cells.get(expr.table, {}).get((row, expr.column), ())
        if candidates:
            at = None if expr.at is None else self.value(expr.at, local)
            if isinstance(at, Failure):
                return at
            found = in_force(candidates, at)
            if found is not None:
                self.trace.overrides[self.current] = found.override
                own = found.value
        return exact(own, its_type)

    def _override_dates(self, expr: Call) -> tuple[int, ...]:
        """When the tenant's overrides of these columns begin and end."""
        assert isinstance(expr.arguments[0], Const)
        dates: set[int] = set()
        for table, column in expr.arguments[0].value:
            for (_, own), candidates in self.cells.get(table, {}).items():
                if own == column:
                    dates |= {d for c in candidates for d in (c.start, c.end) if d is not None}
        return tuple(sorted(dates))

    # ----------------------------------------------------------------------------------------------------- calls

    def _call(self, expr: Call, local: dict[str, Any]) -> Any:
        if expr.function == "override_dates":
            return self._override_dates(expr)
        arguments = self._items(expr.arguments, local)
        if isinstance(arguments, Failure):
            return arguments
        operation = OPERATIONS.get(expr.function)
        if operation is not None:
            return _settled(operation(expr, *arguments), expr.type)
        return FUNCTIONS[expr.function].run(*arguments)


def in_force(candidates: Sequence[CellOverride], at: int | None) -> CellOverride | None:
    """The override in force at an instant; the stretches of one cell never overlap."""
    for candidate in candidates:
        after = candidate.start is None or (at is not None and candidate.start <= at)
        before = candidate.end is None or (at is not None and at < candidate.end)
        if after and before:
            return candidate
    return None


def select(table: TableData, keys: Sequence[Any], at: int | None) -> Any:
    """The row that a table's hit policy gives for these exact keys: every row is looked at."""
    hits = [row for row in range(len(table.ids)) if _applies(table, row, keys, at)]
    if table.otherwise == "row":
        last = len(table.ids) - 1
        hits = [h for h in hits if h != last] or [last]
    if table.hit in cells.COLLECTING:
        return tuple(hits)
    if not hits:
        return failure.NO_MATCH
    if table.hit == "most_specific":
        return max(hits, key=lambda row: (specificity(table, row), -row))
    if table.hit == "unique" and len(hits) > 1:
        return failure.SEVERAL_MATCH
    if table.hit == "any" and any(c[h] != c[hits[0]] for c in table.columns.values() for h in hits):
        return failure.ROWS_DISAGREE
    return hits[0]


def specificity(table: TableData, row: int) -> int:
    """How many condition cells of a row say something."""
    return sum(column[row] is not None for column in table.conditions)


def _applies(table: TableData, row: int, keys: Sequence[Any], at: int | None) -> bool:
    if table.starts:
        assert at is not None
        start, end = table.starts[row], table.ends[row]
        if (start is not None and at < start) or (end is not None and end <= at):
            return False
    columns = zip(table.conditions, keys, table.keys, strict=True)
    return all(cells.accepts(c[row], key, lambda v, t=t: exact(v, t)) for c, key, t in columns)


def _settled(value: Any, its_type: Type) -> Any:
    """A result in the kind that its type says; an int outside 64 bits fails."""
    if isinstance(value, Failure) or not isinstance(its_type, types.Number):
        return value
    if not its_type.integer:
        return Fraction(value)
    whole = int(value)
    assert whole == value, "an int result is whole"
    return whole if types.INT64_MIN <= whole <= types.INT64_MAX else failure.OVERFLOW


def _truncated(a: Any, b: Any) -> Any:
    if b == 0:
        return failure.DIVISION_BY_ZERO
    ratio = Fraction(a) / Fraction(b)
    return abs(ratio).__floor__() * (1 if ratio >= 0 else -1)


def _remainder(call: Call, a: Any, b: Any) -> Any:
    times = _truncated(a, b)
    return times if isinstance(times, Failure) else a - times * b


def _converted(value: Any, to: Type) -> Any:
    match to:
        case types.Number(integer=False) | types.Quotient():
            return Fraction(value)
        case types.Optional(item=item):
            return None if value is None else _converted(value, item)
        case types.Limit(number=number):
            return value if value == UNLIMITED else _converted(value, number)
        case types.List(item=item):
            return tuple(_converted(v, item) for v in value)
        case types.Map(value=of):
            return {k: _converted(v, of) for k, v in value.items()}
        case types.Record(fields=fields):
            return tuple(_converted(v, t) for v, (_, t) in zip(value, fields, strict=True))
    return value


def _product(call: Call, *factors: Any) -> Any:
    return _stepwise(call, factors, lambda a, b: a * b)


def _total(call: Call, *terms: Any) -> Any:
    return _stepwise(call, terms, lambda a, b: a + b)


def _stepwise(call: Call, items: Sequence[Any], combine: Callable[[Any, Any], Any]) -> Any:
    """A chain from left to right; where ints are computed, each step must fit into 64 bits."""
    assert isinstance(call.type, types.Number | types.Quotient)
    whole = isinstance(call.type, types.Number) and call.type.integer
    result = items[0]
    for item in items[1:]:
        result = combine(result, item)
        if whole and not types.INT64_MIN <= result <= types.INT64_MAX:
            return failure.OVERFLOW
    return result


def _less(a: Any, b: Any) -> bool:
    """Whether limit a is below limit b; `unlimited` is above every number and equal to itself."""
    if a == UNLIMITED:
        return False
    return bool(b == UNLIMITED or a < b)


def tier_of(schedule: Any, quantity: Any) -> int:
    """The tier that holds a cumulative quantity: upper bounds are inclusive, the last tier is open."""
    bounds = schedule[0]
    return next(i for i, bound in enumerate(bounds) if bound is None or quantity <= bound)


def _graduated(call: Call, schedule: Any, quantity: Any) -> Any:
    bounds, rates, _ = schedule
    total: Any = Fraction(0)
    low: Any = 0
    for bound, rate in zip(bounds, rates, strict=True):
        high = quantity if bound is None else min(quantity, bound)
        if high <= low:
            break
        total += (high - low) * rate
        low = high
    return total


def _graduated_flat(call: Call, schedule: Any, quantity: Any, at_zero: bool) -> Any:
    """The flat amounts of every tier entered; the first is entered at zero only where that is said."""
    if quantity <= 0:
        return schedule[2][0] if at_zero and quantity == 0 else Fraction(0)
    return sum(schedule[2][: tier_of(schedule, quantity) + 1], Fraction(0))


def _volume(call: Call, schedule: Any, quantity: Any) -> Any:
    return schedule[1][tier_of(schedule, quantity)] * quantity if quantity > 0 else Fraction(0)


def _volume_flat(call: Call, schedule: Any, quantity: Any, at_zero: bool) -> Any:
    if quantity <= 0:
        return schedule[2][0] if at_zero and quantity == 0 else Fraction(0)
    return schedule[2][tier_of(schedule, quantity)]


def decimal_of(value: Fraction) -> str:
    """The shortest exact decimal text of a fraction that has one."""
    places = 0
    while value.denominator != 1:
        value, places = value * 10, places + 1
        assert places <= types.BITS_MAX, "a number that becomes a text has an end of digits"
    digits = str(abs(value.numerator)).rjust(places + 1, "0")
    sign = "-" if value < 0 else ""
    return sign + (f"{digits[:-places]}.{digits[-places:]}" if places else digits)


def _text(call: Call, value: Any) -> str:
    its_type = call.arguments[0].type
    if isinstance(value, bool):
        return "true" if value else "false"
    if its_type == types.TIMESTAMP:
        return str(Timestamp(value))
    if its_type == types.DURATION:
        return str(Duration(value))
    return value if isinstance(value, str) else decimal_of(Fraction(value))


OPERATIONS: dict[str, Callable[..., Any]] = {
    "add": _total,
    "subtract": lambda call, a, b: a - b,
    "multiply": _product,
    "divide": lambda call, a, b: failure.DIVISION_BY_ZERO if b == 0 else Fraction(a) / Fraction(b),
    "truncate_divide": lambda call, a, b: _truncated(a, b),
    "remainder": _remainder,
    "negate": lambda call, a: -a,
    "abs": lambda call, a: abs(a),
    "floor": lambda call, a: Fraction(a).__floor__(),
    "ceil": lambda call, a: Fraction(a).__ceil__(),
    "round": lambda call, a, places, mode: round_fraction(Fraction(a), places, mode),
    "round_by": lambda call, a, places, mode: round_fraction(Fraction(a), places, mode),
    "min": lambda call, *items: min(items),
    "max": lambda call, *items: max(items),
    "sum": lambda call, items: sum(items, 0),
    "min_of": lambda call, items: min(items) if items else failure.EMPTY,
    "max_of": lambda call, items: max(items) if items else failure.EMPTY,
    "convert": lambda call, a: _converted(a, call.type),
    "lt": lambda call, a, b: a < b,
    "le": lambda call, a, b: a <= b,
    "gt": lambda call, a, b: a > b,
    "ge": lambda call, a, b: a >= b,
    "eq": lambda call, a, b: a == b,
    "not": lambda call, a: not a,
    "limit": lambda call, a: _converted(a, call.type),
    "limit_lt": lambda call, a, b: _less(a, b),
    "limit_le": lambda call, a, b: not _less(b, a),
    "limit_gt": lambda call, a, b: _less(b, a),
    "limit_ge": lambda call, a, b: not _less(a, b),
    "limit_min": lambda call, a, b: b if _less(b, a) else a,
    "limit_max": lambda call, a, b: b if _less(a, b) else a,
    "limit_subtract": lambda call, a, b: a if a == UNLIMITED else _converted(a - b, call.type),
    "is_present": lambda call, a: a is not None,
    "or_value": lambda call, a, b: b if a is None else a,
    "present": lambda call, a: a,
    "concat": lambda call, a, b: a + b,
    "append": lambda call, a, b: (*a, b),
    "size": lambda call, a: len(a),
    "item": lambda call, items, i: items[i] if 0 <= i < len(items) else failure.NO_ITEM,
    "optional_item": lambda call, items, i: items[i] if 0 <= i < len(items) else None,
    "value_of": lambda call, a, key: a.get(key, failure.NO_KEY),
    "optional_value": lambda call, a, key: a.get(key),
    "in_list": lambda call, a, items: a in items,
    "in_map": lambda call, a, items: a in items,
    "keys": lambda call, a: tuple(a),
    "text": _text,
    "graduated": _graduated,
    "graduated_flat": _graduated_flat,
    "volume": _volume,
    "volume_flat": _volume_flat,
    "tier_index": lambda call, schedule, quantity: tier_of(schedule, quantity),
    "seconds_between": lambda call, a, b: Fraction(b - a, 10**9),
    "time_between": lambda call, a, b: a - b,
    "add_time": lambda call, a, b: _instant(a + b),
    "subtract_time": lambda call, a, b: _instant(a - b),
    "add_duration": lambda call, a, b: _span(a + b),
    "subtract_duration": lambda call, a, b: _span(a - b),
}


def _line(call: Call, charge: str, quantity: Any, unit_amount: Any, amount: Any) -> Any:
    """One line of a bill: what was charged, how much of it, at which price."""
    line = {"charge": charge, "quantity": quantity, "unit_amount": unit_amount, "amount": amount}
    return ({name: value for name, value in line.items() if value is not None},)


def _tier_lines(
    call: Call, charge: str, schedule: Any, start: Any, end: Any, factor: Any, mode: str, at_zero: bool
) -> Any:
    """A line for each tier that the growth from `start` to `end` touches; their amounts add up to the charge."""
    unit_price, flats = (_graduated, _graduated_flat) if mode == "graduated" else (_volume, _volume_flat)
    first, last = tier_of(schedule, start), tier_of(schedule, end)
    if mode == "volume":
        amount = unit_price(call, schedule, end) - unit_price(call, schedule, start)
        amount = amount * (1 if factor is None else factor)
        amount += flats(call, schedule, end, at_zero) - flats(call, schedule, start, at_zero)
        rate = schedule[1][last] * (1 if factor is None else factor)
        line = {"charge": charge, "tier": last + 1, "quantity": end - start, "unit_amount": rate, "amount": amount}
        return (line,)
    lines = []
    for tier in range(min(first, last), max(first, last) + 1):
        edges = [e for e in (schedule[0][tier - 1] if tier else None, schedule[0][tier]) if e is not None]
        low = max(start, edges[0]) if tier else start
        high = end if schedule[0][tier] is None else min(end, schedule[0][tier])
        rate = schedule[1][tier] * (1 if factor is None else factor)
        amount = (high - low) * rate
        flat = flats(call, schedule, high, at_zero) - flats(call, schedule, low, at_zero)
        if high != low or flat:
            line = {"charge": charge, "tier": tier + 1, "quantity": high - low, "unit_amount": rate}
            lines.append({**line, **({"flat_amount": flat} if flat else {}), "amount": amount + flat})
    return tuple(lines)


def _line_amount(call: Call, lines: Any, amount: Any) -> Any:
    """The lines of one element with its rounded amount; what rounding changed stands in the last of them."""
    difference = amount - sum(line["amount"] for line in lines)
    *head, last = lines
    return (*head, {**last, "amount": last["amount"] + difference})


def _bounded(call: Call, value: Any) -> Any:
    """A carried state within its declared range."""
    assert isinstance(call.type, types.Number)
    inside = call.type.lo <= Fraction(value) * call.type.den <= call.type.hi
    return value if inside else failure.OUT_OF_RANGE


def _sort_by(call: Call, items: Any, keys: Any, descending: Any) -> Any:
    """Items in the order of their keys, from the last key to the first; equal keys are refused."""
    if len(set(keys)) != len(keys):
        return failure.TIES
    order = list(range(len(items)))
    for position in reversed(range(len(descending))):
        order.sort(key=lambda i, p=position: keys[i][p], reverse=descending[position])
    return tuple(items[i] for i in order)


def _stretches(call: Call, start: int, end: int, fixed: Any, own: Any) -> Any:
    """A period cut at every date inside it."""
    if end <= start:
        return failure.EMPTY_PERIOD
    cuts = [start, *sorted({d for d in (*fixed, *own) if start < d < end}), end]
    made = tuple(zip(cuts, cuts[1:], strict=False))
    return made if len(made) <= STRETCHES_MAX else failure.TOO_MANY_STRETCHES


def _stretch_line(call: Call, charge: str, start: int, end: int, amount: Any) -> Any:
    return ({"charge": charge, "from": Timestamp(start), "to": Timestamp(end), "amount": amount},)


STRETCHES_MAX = 1_000

OPERATIONS |= {
    "stretches": _stretches,
    "stretch_line": _stretch_line,
    "bounded": _bounded,
    "sort_by": _sort_by,
    "line": _line,
    "tier_lines": _tier_lines,
    "line_amount": _line_amount,
    "lines_all": lambda call, *groups: tuple(line for group in groups for line in group),
    "lines_if": lambda call, condition, lines: lines if condition else (),
}

_FIRST_INSTANT = -62_135_596_800 * 10**9
_LAST_INSTANT = 253_402_300_800 * 10**9


def _instant(value: int) -> Any:
    return value if _FIRST_INSTANT <= value < _LAST_INSTANT else failure.TIME_RANGE


def _span(value: int) -> Any:
    return value if types.INT64_MIN <= value <= types.INT64_MAX else failure.TIME_RANGE


def needed(program: Program, entry: Entry) -> list[str]:
    """The nodes that an entry point needs, in the program's order."""
    wanted = {node for _, node in entry.outputs} | set(entry.guards) | set(entry.requires) | set(entry.checks)
    order: list[str] = []
    for name in reversed(program.nodes):
        if name in wanted:
            order.append(name)
            wanted |= reads(program.nodes[name].expr)
    return order[::-1]
