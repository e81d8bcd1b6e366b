"""What can be written down in a program: types, values of them, cells of tables.

A compiler writes nothing else. Where a program comes from elsewhere, a denominator of 0, a huge number or a
list of lists without end is found here, before anything is computed with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from policyengine.runtime.functions.automaton import compiled
from policyengine.runtime.limits import LIST_MAX, TEXT_MAX
from policyengine.runtime.tier_column import Coded
from policyengine.values import types
from policyengine.values.instant import DURATION_MAX, TIMESTAMP_MAX, TIMESTAMP_MIN
from policyengine.values.types import Type

ROW = types.Simple("row")
"""The type of a table node: which row was selected."""
DEPTH_MAX = 100
"""How deep types, facts and values may be nested."""
TYPE_BITS_MAX = 2 * types.BITS_MAX
"""Bits of a denominator or a bound of a type, and of a number that is written down."""
UNIT_POWER_MAX = 100
PATTERNS_MAX = 10_000
"""Patterns in one column: each is made ready when it is read."""
COLLISIONS_MAX = 100
"""Cells of a column that may have one hash: they are looked for one after another."""
DAYS_MAX = 4_000_000
"""Days from 1970 to either end of the calendar."""

_SIMPLE = frozenset((
    types.BOOL, types.STRING, types.BYTES, types.NULL, types.TIMESTAMP, types.DATE, types.DURATION, types.TYPE,
    types.ANY, types.DYN, types.NEVER, types.LINES, ROW,
))  # fmt: skip
RANGES: Mapping[Type, tuple[int, int]] = {
    types.TIMESTAMP: (TIMESTAMP_MIN, TIMESTAMP_MAX + 1),
    types.DURATION: (-DURATION_MAX - 1, DURATION_MAX),
    types.DATE: (-DAYS_MAX, DAYS_MAX),
    ROW: (0, 1 << 32),
}
_TEXTS = frozenset((types.STRING, types.TYPE))

BYTES_MAX = 250_000_000
"""Of the text of a program, or of its places; a program with a million tenants has 55 million."""
VALUES_MAX = 10_000_000
"""JSON values in it, counted by what stands before them; a program with a million tenants has 2.4 million."""


class Unsound(ValueError):
    """Something in a program cannot be so."""


def ask(holds: bool, message: str) -> None:
    """Raise Unsound with what is wrong unless something holds."""
    if not holds:
        raise Unsound(message)


def check_size(data: bytes) -> None:
    """Whether JSON of this text can be read in bounded memory: a value takes many times as much as its text.

    Raises ValueError.
    """
    ask(len(data) <= BYTES_MAX, f"it has {len(data):,} bytes, more than {BYTES_MAX:,}")
    ask(sum(map(data.count, (b",", b"[", b"{"))) <= VALUES_MAX, f"it has more than {VALUES_MAX:,} values")


# -------------------------------------------------------------------------------------------------------------- types


def check_types(kinds: Iterable[Type]) -> None:
    """Whether these can be types. Raises ValueError."""
    for kind in kinds:
        _type(kind, 0)


def _type(its: Type, depth: int) -> None:
    ask(depth < DEPTH_MAX, "a type is nested too deep")
    match its:
        case types.Number(unit=unit, den=den, lo=lo, hi=hi):
            _unit(unit)
            ask(den >= 1, f"a type has the denominator {shown(den)}")
            ask(fits_bits(den) and fits_bits(lo) and fits_bits(hi), "a type has numbers that are too large")
            ask(lo <= hi, "a type has no values")
        case types.Quotient(unit=unit, lo=lo, hi=hi, den_hi=most):
            _unit(unit)
            ask(most >= 1 and lo <= hi, "a quotient has no values")
            ask(fits_bits(most) and fits_bits(lo) and fits_bits(hi), "a type has numbers that are too large")
        case types.Simple():
            ask(its in _SIMPLE, f"there is no type `{shown(its.name)}`")
        case types.Enum(members=members):
            ask(len(set(members)) == len(members), "a type has a member twice")
        case types.List(item=item, max=most):
            ask(0 <= most <= LIST_MAX, f"a list has at most {shown(most)} items")
            _type(item, depth + 1)
        case types.Map(key=key, value=value):
            _type(key, depth + 1)
            _type(value, depth + 1)
        case types.Record(fields=fields):
            ask(len({name for name, _ in fields}) == len(fields), "a record has a field twice")
            for _, inner in fields:
                _type(inner, depth + 1)
        case types.Optional(item=item):
            _type(item, depth + 1)
        case types.Limit(number=number):
            _type(number, depth + 1)
        case types.Tiers(bound=bound, rate=rate, flat=flat):
            for inner in (bound, rate, flat):
                _type(inner, depth + 1)


def _unit(unit: types.Unit) -> None:
    ask(all(0 < abs(power) <= UNIT_POWER_MAX for _, power in unit), "a unit has a power that is none")


def fits_bits(number: object) -> bool:
    return type(number) is int and number.bit_length() <= TYPE_BITS_MAX


def shown(value: object) -> str:
    """Something of the program, however long, in a message."""
    if type(value) is int and value.bit_length() > 64:
        return f"a number of {value.bit_length():,} bits"
    text = str(value)
    return text if len(text) <= 40 else f"{text[:40]}..."


def fits(value: Any, its: Type, depth: int = 0) -> bool:
    """Whether something is a value of a type, as a program holds it."""
    if depth > DEPTH_MAX:
        return False
    if its in _TEXTS or isinstance(its, types.Enum):
        return type(value) is str and len(value) <= TEXT_MAX
    if its in RANGES:
        low, high = RANGES[its]
        return type(value) is int and low <= value <= high
    match its:
        case types.Number():
            return fits_bits(value)
        case types.Limit():
            return fits_bits(value) or value == types.UNLIMITED
        case types.Optional(item=item):
            return value is None or fits(value, item, depth + 1)
        case types.List(item=item, max=most):
            return type(value) is tuple and len(value) <= most and all(fits(v, item, depth + 1) for v in value)
        case types.Map(key=key, value=inner):
            return type(value) is dict and all(
                fits(k, key, depth + 1) and fits(v, inner, depth + 1) for k, v in value.items()
            )
        case types.Record(fields=fields):
            return (
                type(value) is tuple
                and len(value) == len(fields)
                and all(fits(v, inner, depth + 1) for v, (_, inner) in zip(value, fields, strict=True))
            )
        case types.Tiers():
            return type(value) is tuple and len(value) == 3 and _is_schedule(*value)
        case types.BOOL:
            return type(value) is bool
        case types.BYTES:
            return type(value) is bytes
        case types.NULL:
            return value is None
        case types.ANY:
            return _is_plain(value, depth)
    return False


def _is_plain(value: Any, depth: int) -> bool:
    if type(value) is tuple:
        return depth <= DEPTH_MAX and all(_is_plain(each, depth + 1) for each in value)
    if type(value) is dict:
        return depth <= DEPTH_MAX and all(_is_plain(each, depth + 1) for each in value.values())
    return value is None or type(value) in (bool, str) or fits_bits(value)


def _is_schedule(bounds: Any, rates: Any, flats: Any) -> bool:
    if not (type(bounds) is type(rates) is type(flats) is tuple and len(bounds) == len(rates) == len(flats)):
        return False
    return are_bounds(bounds) and all(map(fits_bits, (*rates, *flats)))


def are_bounds(bounds: Any) -> bool:
    """Whether these are the ends of tiers: the last one is open."""
    if type(bounds) is not tuple or not bounds or bounds[-1] is not None:
        return False
    return all(map(fits_bits, bounds[:-1]))


# ------------------------------------------------------------------------------------------------------------- tables


def check_cells(distinct: Sequence[Any], key_type: Type) -> None:
    """Whether these can stand in a condition column. Raises ValueError."""
    inner = key_type.item if isinstance(key_type, types.Optional) else key_type
    if not _are_plain(distinct, inner):
        for cell in distinct:
            ask(_is_cell(cell, inner, 0), "a table has a condition that is none")
        patterns = {pattern for cell in distinct for pattern in _patterns(cell)}
        ask(len(patterns) <= PATTERNS_MAX, f"a column has more than {PATTERNS_MAX:,} patterns")
        for pattern in patterns:
            why = compiled(pattern)
            ask(not isinstance(why, str), f"a condition has a pattern that cannot be used: {why}")
    check_spread(distinct)


def check_values(distinct: Sequence[Any], its_type: Type) -> None:
    """Whether these can stand in a result column. Raises ValueError."""
    if not _are_plain(distinct, its_type):
        for value in distinct:
            ask(fits(value, its_type), f"a cell is no value of the type {shown(its_type)}")


def _are_plain(distinct: Sequence[Any], its_type: Type) -> bool:
    """Whether these are texts, or numbers, of the type, all of them: asked at once, since there may be a million."""
    classes = set(map(type, distinct))
    if isinstance(its_type, types.Number):
        return classes == {int} and fits_bits(min(distinct)) and fits_bits(max(distinct))
    return classes == {str} and types.is_text(its_type) and max(map(len, distinct)) <= TEXT_MAX


def check_tiers(bounds: Coded, rates: Coded, flats: Coded, is_optional: bool) -> None:
    """Whether these are the parts of a column of tiers, each its distinct values and their numbers by row or by tier.

    Raises ValueError.
    """
    for own in bounds[0]:
        ask((own is None and is_optional) or are_bounds(own), "the ends of tiers are none")
    for own in flats[0]:
        is_none = own is None and is_optional
        ask(is_none or (type(own) is tuple and all(map(fits_bits, own))), "the flat amounts of tiers are none")
    ask(all(map(fits_bits, rates[0])), "the rates of tiers are no numbers")
    ask(len(bounds[1]) == len(flats[1]), "the parts of the tiers do not belong together")
    for bound, flat in set(zip(bounds[1], flats[1], strict=True)):
        ends, amounts = bounds[0][bound], flats[0][flat]
        ask(len(ends or ()) == len(amounts or ()), "the parts of the tiers do not belong together")


def check_spread(distinct: Sequence[Any]) -> None:
    """Whether cells can be told apart by their hashes: with one hash for all, each look-up would go through them."""
    if any(type(cell) is not str for cell in distinct):
        same = len(distinct) - len({hash(cell) for cell in distinct})
        ask(same <= COLLISIONS_MAX, "the cells of a column cannot be told apart quickly")


def _is_cell(cell: Any, its_type: Type, depth: int) -> bool:
    match cell:
        case None:
            return True
        case ("any", *inner):
            return depth < 4 and all(_is_cell(each, its_type, depth + 1) for each in inner)
        case ("not", inner):
            return depth < 4 and _is_cell(inner, its_type, depth + 1)
        case ("range", low, low_in, high, high_in):
            ends = (end is None or _is_end(end, its_type) for end in (low, high))
            return type(low_in) is bool and type(high_in) is bool and all(ends)
        case ("starts" | "ends" | "contains" | "matches", str()):
            return types.is_text(its_type)
        case tuple():
            return False
    return fits(cell, its_type)


def _patterns(cell: Any) -> Iterator[str]:
    """The patterns of a cell."""
    match cell:
        case ("matches", pattern):
            yield pattern
        case ("any" | "not", *inner):
            for each in inner:
                yield from _patterns(each)


def _is_end(value: Any, its_type: Type) -> bool:
    is_ordered = isinstance(its_type, types.Number | types.Limit) or its_type in RANGES or types.is_text(its_type)
    return is_ordered and fits(value, its_type)


def check_dates(distinct: Iterable[Any]) -> None:
    """Whether these can be the instants at which something begins or ends. Raises ValueError."""
    for instant in distinct:
        ask(instant is None or fits(instant, types.TIMESTAMP), "something begins or ends at no instant")
