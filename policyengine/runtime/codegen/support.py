"""What generated code calls for the operations that are more than one Python operator.

Values are held as a program says: ints over static denominators, tuples, dicts, None for absent. A function here gives
a Failure instead of raising.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import pairwise
from math import gcd
from typing import Any

from policyengine.runtime import failure
from policyengine.runtime.failure import Failure
from policyengine.runtime.functions.conversions import duration_of_text
from policyengine.values import types
from policyengine.values.civil import date_text
from policyengine.values.instant import Duration, Timestamp
from policyengine.values.number_text import decimal_text
from policyengine.values.types import UNLIMITED

_DECIMAL = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{1,40})?", re.ASCII)
_INT = re.compile(r"[+-]?[0-9]{1,40}", re.ASCII)
INT64_MIN, INT64_MAX = types.INT64_MIN, types.INT64_MAX
FIRST_INSTANT = -62_135_596_800 * 10**9
LAST_INSTANT = 253_402_300_800 * 10**9 - 1


def truncate(a: int, b: int) -> int:
    """a / b towards zero, b not zero."""
    whole = abs(a) // abs(b)
    return whole if (a >= 0) == (b > 0) else -whole


def remainder(a: int, b: int) -> int:
    """The rest of the truncating division; it has the sign of a."""
    rest = abs(a) % abs(b)
    return rest if a >= 0 else -rest


def instant(value: int) -> Any:
    return value if FIRST_INSTANT <= value <= LAST_INSTANT else failure.TIME_RANGE


def span(value: int) -> Any:
    return value if INT64_MIN <= value <= INT64_MAX else failure.TIME_RANGE


def checked_sum(values: Sequence[int]) -> Any:
    """A sum from left to right, each step of which must fit into 64 bits."""
    total = 0
    for value in values:
        total += value
        if not INT64_MIN <= total <= INT64_MAX:
            return failure.OVERFLOW
    return total


def checked_product(values: Sequence[int]) -> Any:
    """A product from left to right, each step of which must fit into 64 bits."""
    total = 1
    for value in values:
        total *= value
        if not INT64_MIN <= total <= INT64_MAX:
            return failure.OVERFLOW
    return total


def make_map(keys: Sequence[Any], values: Sequence[Any]) -> Any:
    made = dict(zip(keys, values, strict=True))
    return made if len(made) == len(keys) else failure.REPEATED_KEY


def item(items: Sequence[Any], index: int) -> Any:
    return items[index] if 0 <= index < len(items) else failure.NO_ITEM


def optional_item(items: Sequence[Any], index: int) -> Any:
    return items[index] if 0 <= index < len(items) else None


def value_of(of: dict[Any, Any], key: Any) -> Any:
    return of.get(key, failure.NO_KEY)


def merged(maps: Sequence[dict[Any, Any]]) -> Any:
    """One map of the entries of several; a key in two of them fails."""
    whole = {key: value for each in maps for key, value in each.items()}
    return whole if len(whole) == sum(map(len, maps)) else failure.REPEATED_KEY


def present_items(items: Sequence[Any]) -> tuple[Any, ...]:
    return tuple([item for item in items if item is not None])


def present_entries(of: dict[Any, Any]) -> dict[Any, Any]:
    return {key: value for key, value in of.items() if value is not None}


def in_order(items: Sequence[Any], order: Sequence[int]) -> tuple[Any, ...]:
    return tuple([items[i] for i in order])


def present_value(value: Any) -> Any:
    return failure.NO_VALUE if value is None else value


def least(items: Sequence[int]) -> Any:
    return min(items) if items else failure.EMPTY


def most(items: Sequence[int]) -> Any:
    return max(items) if items else failure.EMPTY


def limit_below(a: Any, b: Any) -> bool:
    """Whether limit a is below limit b: `unlimited` is above every number."""
    if a == UNLIMITED:
        return False
    return bool(b == UNLIMITED or a < b)


def limit_scaled(a: Any, factor: int) -> Any:
    return a if a == UNLIMITED else a * factor


def limit_sum(a: Any, b: Any) -> Any:
    return UNLIMITED if a == UNLIMITED or b == UNLIMITED else a + b


def limit_cut(a: Any, up: int, down: int) -> Any:
    return a if a == UNLIMITED else a * up // down


def within(value: int, limit: Any) -> int:
    """The number, or the limit where that is less."""
    return value if limit == UNLIMITED or value < limit else int(limit)


def number_text(n: Any, den: int) -> str:
    return UNLIMITED if n == UNLIMITED else decimal_text(n, den)


def timestamp_text(ns: int) -> str:
    return str(Timestamp(ns))


def day_text(day: int) -> str:
    return date_text(day)


def duration_text(ns: int) -> str:
    return str(Duration(ns))


def all_found(cells: Sequence[Any]) -> Any:
    """The cells of several rows, or the first failure among them."""
    for cell in cells:
        if cell.__class__ is Failure:
            return cell
    return tuple(cells)


def sort_by(items: Sequence[Any], keys: Sequence[Any], descending: Sequence[bool]) -> Any:
    """Items in the order of their keys; equal keys fail."""
    if len(set(keys)) != len(keys):
        return failure.TIES
    order = list(range(len(items)))
    for position in range(len(descending) - 1, -1, -1):
        column = [key[position] for key in keys]
        order.sort(key=column.__getitem__, reverse=descending[position])
    return tuple([items[i] for i in order])


def order_by(items: Sequence[Any], keys: Sequence[Any], descending: Sequence[bool]) -> Any:
    """Items in the order of their keys; an absent key comes last, and equal ones stay as they stand."""
    order = list(range(len(items)))
    for position in range(len(descending) - 1, -1, -1):
        column = [key[position] for key in keys]
        there = [i for i in order if column[i] is not None]
        there.sort(key=column.__getitem__, reverse=descending[position])
        order = there + [i for i in order if column[i] is None]
    return tuple([items[i] for i in order])


def round_by(n: int, d: int, places: int, den: int, divide: Callable[[int, int], int]) -> int:
    """n / d rounded to so many places, over `den`, which holds every number of places that can come."""
    step: int = 10**places
    return divide(n * step, d) * (den // step)


def rounding_steps(d: int, den: int, most: int, divide: Callable[[int, int], int]) -> tuple[Callable[[int], int], ...]:
    """For each number of places from 0 to `most`: n / d rounded to them, over `den`."""
    return tuple([_rounding_step(d, den, places, divide) for places in range(most + 1)])


def _rounding_step(d: int, den: int, places: int, divide: Callable[[int, int], int]) -> Callable[[int], int]:
    common = gcd(10**places, d)
    up, down, back = 10**places // common, d // common, den // 10**places
    return lambda n: divide(n * up, down) * back


def half_up_parts(d: int, den: int, most: int) -> tuple[tuple[int, int, int, int], ...]:
    """For each number of places from 0 to `most`: (up, half, down, back), so that half up of n / d, where n is not
    negative, is (n * up + half) // down * back over `den`.
    """
    parts = []
    for places in range(most + 1):
        common = gcd(10**places, d)
        up, down = 10**places // common, d // common  # half of an odd one may be rounded down: no tie is lost
        parts.append((up, down // 2, down, den // 10**places))
    return tuple(parts)


def backoff(base: int, above: int, below: int, number: int, cap: int) -> int:
    """`base * (above / below) ** (number - 1)`, cut to whole nanoseconds, at most `cap`."""
    times = max(0, number - 1)
    grown: int = base * above**times // below**times
    return min(grown, cap)


def parse_duration(text: str) -> Any:
    """A duration from text such as `36h`."""
    found = duration_of_text(text)
    return found if isinstance(found, Failure) else int(found)


def hash_fraction(text: str) -> int:
    """A share of a text in units of the twelfth place."""
    leading = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:8]
    return int.from_bytes(leading, "big") * 10**12 >> 64


def stretches(start: int, end: int, fixed: Sequence[int], own: Sequence[int]) -> Any:
    """A period cut at every date inside it."""
    if end <= start:
        return failure.EMPTY_PERIOD
    cuts = [start, *sorted({d for d in (*fixed, *own) if start < d < end}), end]
    return tuple(pairwise(cuts)) if len(cuts) <= 1_001 else failure.TOO_MANY_STRETCHES


def given_part(part: int, whole: int) -> Any:
    """A fraction that is known: not negative, and no more than the whole."""
    if whole <= 0:
        return failure.EMPTY_PERIOD
    return (part, whole) if 0 <= part <= whole else failure.OUTSIDE_PERIOD


def parse_decimal(text: str) -> Any:
    """Plain digits as an int over the default denominator of decimals."""
    if not _DECIMAL.fullmatch(text):
        return failure.NOT_A_NUMBER
    whole, _, fraction = text.partition(".")
    if len(fraction.rstrip("0")) > types.DEFAULT_PLACES or len(whole.lstrip("+-0")) > 15:
        return failure.TOO_MANY_DIGITS
    digits = fraction[: types.DEFAULT_PLACES].ljust(types.DEFAULT_PLACES, "0")
    return int(whole + digits)


def parse_int(text: str) -> Any:
    if not _INT.fullmatch(text):
        return failure.NOT_A_NUMBER
    value = int(text)
    return value if INT64_MIN <= value <= INT64_MAX else failure.OVERFLOW


def exact(n: int, den: int) -> Fraction:
    return Fraction(n, den)


def same_value(a: Any, b: Any) -> bool:
    """Equality of values of any type, which hold numbers as int or Fraction; a bool is no number."""
    if isinstance(a, bool) or isinstance(b, bool) or isinstance(a, str) or isinstance(b, str):
        return type(a) is type(b) and bool(a == b)
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(map(same_value, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same_value(v, b[k]) for k, v in a.items())
    return bool(a == b)


def step(combine: Callable[[Sequence[int]], Any], left: Any, right: Any) -> Any:
    """One step of a chain of ints: the leftmost failure, or the checked result."""
    if left.__class__ is Failure:
        return left
    return right if right.__class__ is Failure else combine((left, right))


def allocate(total: int, weights: Sequence[int]) -> Any:
    """A whole number of units by weight: floors first, one unit more for the largest remainders."""
    if total == 0:
        return (0,) * len(weights)
    every = sum(weights)
    if every == 0:
        return failure.DIVISION_BY_ZERO
    size = abs(total)
    parts = [divmod(size * weight, every) for weight in weights]
    shares = [whole for whole, _ in parts]
    missing = size - sum(shares)
    for i in sorted(range(len(parts)), key=lambda i: (-parts[i][1], i))[:missing]:
        shares[i] += 1
    return tuple(shares) if total >= 0 else tuple([-share for share in shares])


def draw(total: int, capacities: Sequence[int]) -> tuple[int, ...]:
    parts = []
    for capacity in capacities:
        part = min(total, capacity)
        parts.append(part)
        total -= part
    return tuple(parts)


def bounded(n: int, low: int, high: int) -> Any:
    return n if low <= n <= high else failure.OUT_OF_RANGE
