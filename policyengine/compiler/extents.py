"""What a condition cell accepts, as a set of values: enough to tell a cell that accepts everything or nothing.

Ordered values are stretches between cuts, where a cut lies before or after a value; texts are a set or everything but a
set. What a text pattern accepts is not known.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from policyengine.values import types
from policyengine.values.types import UNLIMITED, Number, Type

Cut = tuple[int, Fraction | int, int]
Stretches = list[tuple[Cut, Cut]]
Texts = tuple[bool, frozenset[Any]]
"""(False, s) is s, (True, s) is everything but s."""

_FIRST: Cut = (-1, 0, 0)
_NUMBERS_END: Cut = (1, 0, 0)
_END: Cut = (1, 0, 1)


def is_ordered(its_type: Type) -> bool:
    """Whether cells of a column may be ranges."""
    return isinstance(its_type, Number | types.Limit) or its_type in (types.TIMESTAMP, types.DURATION, types.DATE)


def accepts_everything(cell: Any, its_type: Type) -> bool:
    """Whether no value of the type is refused, as far as is known."""
    if is_ordered(its_type):
        return [(_FIRST, _last(its_type))] == _stretches(cell, its_type)
    return _texts(cell, its_type) == (True, frozenset())


def accepts_nothing(cell: Any, its_type: Type) -> bool:
    """Whether no value of the type is accepted, as far as is known."""
    if is_ordered(its_type):
        return [] == _stretches(cell, its_type)
    return _texts(cell, its_type) == (False, frozenset())


def is_above(a: Any, b: Any) -> bool:
    """Whether one value of an ordered type lies above another."""
    return _before(a) > _before(b)


def _last(its_type: Type) -> Cut:
    """`unlimited` lies above every number."""
    return _END if isinstance(its_type, types.Limit) else _NUMBERS_END


def _is_discrete(its_type: Type) -> bool:
    """Whether there is a next value: (3..4) is then empty. Times are whole nanoseconds."""
    match its_type:
        case (Number() as number) | types.Limit(number=number):
            return number.integer
    return True


def _before(value: Any) -> Cut:
    return _NUMBERS_END if value == UNLIMITED else (0, value, 0)


def _after(value: Any, its_type: Type) -> Cut:
    if value == UNLIMITED:
        return _END
    return (0, value + 1, 0) if _is_discrete(its_type) else (0, value, 1)


def _stretches(cell: Any, its_type: Type) -> Stretches:
    """Disjoint stretches in order, with a gap between each two."""
    match cell:
        case None:
            return [(_FIRST, _last(its_type))]
        case ("any", *cells):
            return _merged([stretch for each in cells for stretch in _stretches(each, its_type)])
        case ("not", inner):
            return _outside(_stretches(inner, its_type), its_type)
        case ("range", low, low_in, high, high_in):
            start = _FIRST if low is None else _before(low) if low_in else _after(low, its_type)
            end = _last(its_type) if high is None else _after(high, its_type) if high_in else _before(high)
            return [(start, end)] if start < end else []
    return [(_before(cell), _after(cell, its_type))]


def _merged(stretches: Stretches) -> Stretches:
    out: Stretches = []
    for start, end in sorted(stretches):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((start, end))
    return out


def _outside(stretches: Stretches, its_type: Type) -> Stretches:
    out: Stretches = []
    start = _FIRST
    for begin, end in stretches:
        if start < begin:
            out.append((start, begin))
        start = end
    if start < _last(its_type):
        out.append((start, _last(its_type)))
    return out


def _texts(cell: Any, its_type: Type) -> Texts | None:
    found = _text_set(cell)
    universe = _universe(its_type)
    if found is None or universe is None:
        return found
    accepted = universe - found[1] if found[0] else found[1]
    return (True, frozenset()) if accepted == universe else (False, accepted)


def _universe(its_type: Type) -> frozenset[Any] | None:
    match its_type:
        case types.Enum(members=members):
            return frozenset(members)
        case types.BOOL:
            return frozenset((True, False))
    return None


def _text_set(cell: Any) -> Texts | None:
    match cell:
        case None:
            return True, frozenset()
        case ("any", *cells):
            return _united([_text_set(each) for each in cells])
        case ("not", inner):
            found = _text_set(inner)
            return None if found is None else (not found[0], found[1])
        case (str(), _):
            return None
    return False, frozenset((cell,))


def _united(sets: list[Texts | None]) -> Texts | None:
    whole: Texts | None = (False, frozenset())
    for each in sets:
        if each == (True, frozenset()):
            return each
        whole = None if whole is None or each is None else _both(whole, each)
    return whole


def _both(a: Texts, b: Texts) -> Texts:
    match a[0], b[0]:
        case True, True:
            return True, a[1] & b[1]
        case True, False:
            return True, a[1] - b[1]
        case False, True:
            return True, b[1] - a[1]
    return False, a[1] | b[1]
