"""What the built-in operations mean, on exact values: the specification that generated code is compared with.

An operation is given the call and its arguments, none of which has failed, and answers a value or a Failure.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Any

from policyengine.runtime import failure
from policyengine.runtime.exact import round_fraction
from policyengine.runtime.failure import Failure
from policyengine.runtime.functions.conversions import duration_of_text
from policyengine.runtime.functions.hashes import hash_fraction
from policyengine.runtime.meaning import limit_operations
from policyengine.runtime.program import Call
from policyengine.values import types
from policyengine.values.civil import Date
from policyengine.values.instant import Duration, Timestamp
from policyengine.values.types import UNLIMITED, Type

STRETCHES_MAX = 1_000
_FIRST_INSTANT = -62_135_596_800 * 10**9
_LAST_INSTANT = 253_402_300_800 * 10**9


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
        total += (high - low) * rate
        if high == quantity:
            break
        low = high  # a free tier of nothing ends where it begins
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


def _free_tier(call: Call, schedule: Any, free: Any) -> Any:
    """A schedule behind a tier that costs nothing: every bound moves up by the free quantity."""
    bounds, rates, flats = schedule
    nothing = Fraction(0)
    return (free, *(b + free for b in bounds[:-1]), None), (nothing, *rates), (nothing, *flats)


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
    if its_type == types.DATE:
        return str(Date(value))
    if its_type == types.DURATION:
        return str(Duration(value))
    return value if isinstance(value, str) else decimal_of(Fraction(value))


def _line(call: Call, charge: str, quantity: Any, unit_amount: Any, amount: Any) -> Any:
    """One line of a bill: what was charged, how much of it, at which price."""
    line = {"charge": charge, "quantity": quantity, "unit_amount": unit_amount, "amount": amount}
    return ({name: value for name, value in line.items() if value is not None},)


def _tier_lines(
    call: Call, charge: str, schedule: Any, start: Any, end: Any, factor: Any, mode: str, at_zero: bool, begun: bool
) -> Any:
    """A line for each tier that the growth from `start` to `end` touches; their amounts add up to the charge.

    `begun` says that the first tier's flat amount at zero was due in an earlier slice.
    """
    unit_price, flats = (_graduated, _graduated_flat) if mode == "graduated" else (_volume, _volume_flat)
    first, last = tier_of(schedule, start), tier_of(schedule, end)
    if mode == "volume":
        amount = unit_price(call, schedule, end) - unit_price(call, schedule, start)
        amount = amount * (1 if factor is None else factor)
        flat = flats(call, schedule, end, at_zero) - flats(call, schedule, start, begun)
        rate = schedule[1][last] * (1 if factor is None else factor)
        line = {"charge": charge, "tier": last + 1, "quantity": end - start, "unit_amount": rate}
        return ({**line, **({"flat_amount": flat} if flat else {}), "amount": amount + flat},)
    lines = []
    for tier in range(min(first, last), max(first, last) + 1):
        low, high = (_inside(schedule, tier, quantity) for quantity in (start, end))
        rate = schedule[1][tier] * (1 if factor is None else factor)
        amount = (high - low) * rate
        flat = flats(call, schedule, high, at_zero) - flats(call, schedule, low, begun if low == start else at_zero)
        if high != low or flat:
            line = {"charge": charge, "tier": tier + 1, "quantity": high - low, "unit_amount": rate}
            lines.append({**line, **({"flat_amount": flat} if flat else {}), "amount": amount + flat})
    return tuple(lines)


def _inside(schedule: Any, tier: int, quantity: Any) -> Any:
    """The end of a tier that a quantity lies beyond, else the quantity."""
    bounds = schedule[0]
    if tier and quantity < bounds[tier - 1]:
        return bounds[tier - 1]
    return quantity if bounds[tier] is None else min(quantity, bounds[tier])


def adjustment_line(call: Call, charge: str, kind: str, amount: Any) -> Any:
    """A line for a discount, a minimum, a credit or a tax; none where it changes nothing."""
    return () if amount == 0 else ({"charge": charge, "kind": kind, "amount": amount},)


def mirrored_lines(call: Call, lines: Any, sign: int) -> Any:
    """Lines of a quantity, as those of its mirror: where the sign is -1, what was sold is taken back."""
    turned = ("quantity", "flat_amount", "amount")
    return tuple({name: part * sign if name in turned else part for name, part in line.items()} for line in lines)


def weighted_lines(call: Call, lines: Any, weight: Any) -> Any:
    """Lines whose part by units is multiplied; flat amounts stay."""
    return tuple(
        {**line, "amount": (line["amount"] - line.get("flat_amount", 0)) * weight + line.get("flat_amount", 0)}
        for line in lines
    )


def unit_lines(call: Call, lines: Any) -> Any:
    """Lines without their flat amounts, which their charge owes once and shows apart."""
    bare = ({**line, "amount": line["amount"] - line.get("flat_amount", 0)} for line in lines)
    kept = ({name: part for name, part in line.items() if name != "flat_amount"} for line in bare)
    return tuple(line for line in kept if line["amount"] or line.get("quantity"))


def _line_amount(call: Call, lines: Any, amount: Any) -> Any:
    """The lines of a charge with its rounded amount; what rounding changed stands in the last of them."""
    if not lines:
        return ()
    *head, last = lines
    return (*head, {**last, "amount": amount - sum(line["amount"] for line in head)})


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
        column = [key[position] for key in keys]
        order.sort(key=column.__getitem__, reverse=descending[position])
    return tuple(items[i] for i in order)


def _stretches(call: Call, start: int, end: int, fixed: Any, own: Any) -> Any:
    """A period cut at every date inside it."""
    if end <= start:
        return failure.EMPTY_PERIOD
    cuts = [start, *sorted({d for d in (*fixed, *own) if start < d < end}), end]
    made = tuple(pairwise(cuts))
    return made if len(made) <= STRETCHES_MAX else failure.TOO_MANY_STRETCHES


def _stretch_line(call: Call, charge: str, start: int, end: int, amount: Any) -> Any:
    return ({"charge": charge, "from": Timestamp(start), "to": Timestamp(end), "amount": amount},)


def parsed_duration(text: str) -> Any:
    """A duration from text such as `36h` or `1h30m`, as an int of nanoseconds."""
    found = duration_of_text(text)
    return found if isinstance(found, Failure) else int(found)


def _backoff(call: Call, base: int, multiplier: Any, number: int, cap: int) -> int:
    """The wait before a numbered attempt: the base, multiplied from attempt to attempt, at most the cap."""
    return min(int(base * Fraction(multiplier) ** max(0, number - 1) // 1), cap)


def _given_part(call: Call, part: int, whole: int) -> Any:
    """A fraction that is known: not negative, and no more than the whole."""
    if whole <= 0:
        return failure.EMPTY_PERIOD
    return (part, whole) if 0 <= part <= whole else failure.OUTSIDE_PERIOD


def _leg_line(call: Call, name: str, leg: str, stretch: Any, price: Any, part: Any, amount: Any) -> Any:
    """One line of a proration: the leg, where it runs, the whole price, how much of it, and the amount."""
    line = {"proration": name, "leg": leg, "price": price, "numerator": part[0], "denominator": part[1]}
    times = {"from": Timestamp(stretch[0]), "to": Timestamp(stretch[1])} if stretch else {}
    return ({k: v for k, v in {**line, **times, "amount": amount}.items() if v is not None},)


def _instant(value: int) -> Any:
    return value if _FIRST_INSTANT <= value < _LAST_INSTANT else failure.TIME_RANGE


def _span(value: int) -> Any:
    return value if types.INT64_MIN <= value <= types.INT64_MAX else failure.TIME_RANGE


_PLAIN_NUMBER = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{1,40})?", re.ASCII)


def parsed(text: str, whole: bool) -> Any:
    """A number from plain digits only: no spaces, no groups, no exponent, no digits of other scripts."""
    found = _PLAIN_NUMBER.fullmatch(text)
    if found is None or (whole and found[1]):
        return failure.NOT_A_NUMBER
    value = Fraction(text)
    if whole:
        return int(value) if types.INT64_MIN <= value <= types.INT64_MAX else failure.OVERFLOW
    fits = abs(value) < types.DEFAULT_BOUND and (value * 10**types.DEFAULT_PLACES).denominator == 1
    return value if fits else failure.TOO_MANY_DIGITS


def allocated(total: Any, weights: Any, places: int) -> Any:
    """Shares by weight, cut towards zero; what is missing goes to the largest remainders. Nothing is shared by any."""
    if total == 0:
        return (Fraction(0),) * len(weights)
    every = sum(weights, Fraction(0))
    if every == 0:
        return failure.DIVISION_BY_ZERO
    unit = Fraction(1, 10**places)
    exact = [abs(Fraction(total)) * weight / every for weight in weights]
    cut = [share // unit * unit for share in exact]
    missing = (abs(Fraction(total)) - sum(cut)) / unit
    order = sorted(range(len(exact)), key=lambda i: (cut[i] - exact[i], i))
    for i in order[: int(missing)]:
        cut[i] += unit
    return tuple(-share if total < 0 else share for share in cut)


def drawn(total: Any, capacities: Any) -> Any:
    """What is taken from each capacity, one after another."""
    parts = []
    for capacity in capacities:
        parts.append(min(total, capacity))
        total -= parts[-1]
    return tuple(parts)


def _optional_field(call: Call, target: Any, name: str) -> Any:
    """A field of a record that may be absent itself."""
    holder = call.arguments[0].type
    assert isinstance(holder, types.Optional)
    assert isinstance(holder.item, types.Record)
    position = [own for own, _ in holder.item.fields].index(name)
    return None if target is None else target[position]


def _merged(call: Call, maps: Any) -> Any:
    """One map of the entries of several, whose keys must all differ."""
    whole: dict[Any, Any] = {}
    for each in maps:
        if whole.keys() & each.keys():
            return failure.REPEATED_KEY
        whole |= each
    return whole


def same_value(a: Any, b: Any) -> bool:
    """Equality of values of any type: a bool is no number, numbers compare by value, the rest by kind and content."""
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, int | Fraction) and isinstance(b, int | Fraction):
        return a == b
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(same_value(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same_value(a[k], b[k]) for k in a)
    return type(a) is type(b) and bool(a == b)


OPERATIONS: dict[str, Callable[..., Any]] = {
    **limit_operations.OPERATIONS,
    "add": _total,
    "subtract": lambda call, a, b: a - b,
    "multiply": _product,
    "divide": lambda call, a, b: failure.DIVISION_BY_ZERO if b == 0 else Fraction(a) / Fraction(b),
    "truncate_divide": lambda call, a, b: _truncated(a, b),
    "remainder": _remainder,
    "negate": lambda call, a: _span(-a) if call.type == types.DURATION else -a,
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
    "parse_duration": lambda call, text: parsed_duration(text),
    "limit_or": lambda call, a, b: b if a == UNLIMITED else a,
    "parse_decimal": lambda call, text: parsed(text, whole=False),
    "parse_int": lambda call, text: parsed(text, whole=True),
    "epoch_seconds": lambda call, at: at // 10**9,
    "allocate": lambda call, total, weights, places: allocated(total, weights, places),
    "draw": lambda call, total, capacities: drawn(total, capacities),
    "equals_any": lambda call, a, b: same_value(a, b),
    "is_present": lambda call, a: a is not None,
    "or_value": lambda call, a, b: b if a is None else a,
    "present": lambda call, a: failure.NO_VALUE if a is None else a,
    "optional_field": _optional_field,
    "concat": lambda call, *parts: "".join(parts) if call.type == types.STRING else tuple(i for p in parts for i in p),
    "append": lambda call, a, b: (*a, b),
    "size": lambda call, a: len(a),
    "item": lambda call, items, i: items[i] if 0 <= i < len(items) else failure.NO_ITEM,
    "optional_item": lambda call, items, i: items[i] if 0 <= i < len(items) else None,
    "value_of": lambda call, a, key: a.get(key, failure.NO_KEY),
    "optional_value": lambda call, a, key: a.get(key),
    "in_list": lambda call, a, items: a in items,
    "in_map": lambda call, a, items: a in items,
    "keys": lambda call, a: tuple(a),
    "entries": lambda call, a: tuple(a.items()),
    "map_of_entries": lambda call, entries: dict(entries),
    "merged": _merged,
    "present_items": lambda call, items: tuple(item for item in items if item is not None),
    "present_entries": lambda call, a: {key: value for key, value in a.items() if value is not None},
    "in_order": lambda call, items, order: tuple(items[i] for i in order),
    "present_value": lambda call, a: failure.NO_VALUE if a is None else a,
    "sum_durations": lambda call, items: _span(sum(items)),
    "text": _text,
    "graduated": _graduated,
    "graduated_flat": _graduated_flat,
    "volume": _volume,
    "volume_flat": _volume_flat,
    "free_tier": _free_tier,
    "tier_index": lambda call, schedule, quantity: tier_of(schedule, quantity),
    "seconds_between": lambda call, a, b: Fraction(b - a, 10**9),
    "time_between": lambda call, a, b: _span(a - b),
    "add_time": lambda call, a, b: _instant(a + b),
    "subtract_time": lambda call, a, b: _instant(a - b),
    "add_duration": lambda call, a, b: _span(a + b),
    "subtract_duration": lambda call, a, b: _span(a - b),
    "scale_duration": lambda call, a, factor: _span(int(a * Fraction(factor) // 1)),
    "backoff": _backoff,
    "hash_fraction": lambda call, text: hash_fraction(text),
    "stretches": _stretches,
    "stretch_line": _stretch_line,
    "given_part": _given_part,
    "leg_line": _leg_line,
    "bounded": _bounded,
    "sort_by": _sort_by,
    "line": _line,
    "tier_lines": _tier_lines,
    "adjustment_line": adjustment_line,
    "mirrored_lines": mirrored_lines,
    "weighted_lines": weighted_lines,
    "unit_lines": unit_lines,
    "line_amount": _line_amount,
    "lines_all": lambda call, *groups: tuple(line for group in groups for line in group),
}
