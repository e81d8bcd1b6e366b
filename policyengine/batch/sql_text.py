"""Pieces of DuckDB SQL that carry what is known of them: type, bounds, and the query level that they can be read from.

An integer's bounds are computed here from those of its parts, never taken from the program: a branch that is not taken
runs too, and what it computes must fit as well. BIGINT is used where the bounds prove that it is enough, HUGEINT where
128 bits are; beyond that there is no SQL (`TooWide`). No decimal or floating arithmetic of the engine is ever used.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

INT64 = 2**63
INT128 = 2**127
BIGINT, HUGEINT, BOOLEAN, VARCHAR = "BIGINT", "HUGEINT", "BOOLEAN", "VARCHAR"


class TooWide(Exception):
    """An intermediate result may need more than 128 bits."""


@dataclass(frozen=True, slots=True)
class Sql:
    """An expression. `level` is the deepest query level whose columns it reads; `lo..hi` bounds an integer."""

    code: str
    kind: str
    level: int = 0
    lo: int = 0
    hi: int = 0

    @property
    def atom(self) -> bool:
        """Whether it is a column or a constant: cheap to write twice."""
        return self.code.startswith('"') or "(" not in self.code


def quoted(name: str) -> str:
    """An identifier: `at` and its like are reserved words."""
    return '"' + name.replace('"', '""') + '"'


def text(value: str) -> Sql:
    """A text constant; a NUL has no spelling inside SQL quotes."""
    parts = ["'" + part.replace("'", "''") + "'" for part in value.split("\0")]
    code = " || chr(0) || ".join(parts)
    return Sql(f"({code})" if len(parts) > 1 else code, VARCHAR)


def flag(value: bool) -> Sql:
    return Sql("TRUE" if value else "FALSE", BOOLEAN)


def null(kind: str) -> Sql:
    return Sql(f"NULL::{kind}", kind)


def width(lo: int, hi: int) -> str:
    """The smallest integer type that holds lo..hi."""
    if -INT64 <= lo and hi < INT64:
        return BIGINT
    if -INT128 < lo and hi < INT128:
        return HUGEINT
    raise TooWide


def whole(n: int) -> Sql:
    """An integer constant; without its type DuckDB would compute in 32 bits."""
    kind = width(n, n)
    return Sql(f"{n}::{kind}" if n >= 0 else f"'{n}'::{kind}", kind, 0, n, n)


def level_of(parts: Iterable[Sql]) -> int:
    return max((part.level for part in parts), default=0)


def expression(kind: str, code: str, *parts: Sql, lo: int = 0, hi: int = 0) -> Sql:
    """`code` with its `{0}`, `{1}` ... replaced by the parts."""
    return Sql(code.format(*(part.code for part in parts)), kind, level_of(parts), lo, hi)


def cast(a: Sql, kind: str) -> Sql:
    return a if a.kind == kind else replace(a, code=f"({a.code})::{kind}", kind=kind)


def narrowed(a: Sql) -> Sql:
    """The same number in the smallest type that its bounds allow."""
    return cast(a, width(a.lo, a.hi)) if a.kind in (BIGINT, HUGEINT) else a


# ------------------------------------------------------------------------------------------------------- integers


def _wide(parts: Sequence[Sql], lo: int, hi: int) -> tuple[list[Sql], str]:
    """The operands of an operation whose result lies in lo..hi, the first cast where the result needs more bits."""
    kind = width(lo, hi)
    if any(part.kind == HUGEINT for part in parts):
        return list(parts), HUGEINT
    return [cast(parts[0], kind), *parts[1:]], kind


def constant_of(a: Sql) -> int | None:
    return a.lo if a.lo == a.hi and a.code.rpartition("::")[0].strip("'") == str(a.lo) else None


def plus(a: Sql, b: Sql) -> Sql:
    if constant_of(b) == 0:
        return a
    if constant_of(a) == 0:
        return b
    lo, hi = a.lo + b.lo, a.hi + b.hi
    parts, kind = _wide([a, b], lo, hi)
    return expression(kind, "({0} + {1})", *parts, lo=lo, hi=hi)


def minus(a: Sql, b: Sql) -> Sql:
    if constant_of(b) == 0:
        return a
    lo, hi = a.lo - b.hi, a.hi - b.lo
    parts, kind = _wide([a, b], lo, hi)
    return expression(kind, "({0} - {1})", *parts, lo=lo, hi=hi)


def times(a: Sql, b: Sql) -> Sql:
    if constant_of(b) == 1:
        return a
    if constant_of(a) == 1:
        return b
    corners = [x * y for x in (a.lo, a.hi) for y in (b.lo, b.hi)]
    lo, hi = min(corners), max(corners)
    parts, kind = _wide([a, b], lo, hi)
    return expression(kind, "({0} * {1})", *parts, lo=lo, hi=hi)


def scaled(a: Sql, factor: int) -> Sql:
    """The numerator over a denominator that is `factor` times as large."""
    known = constant_of(a)
    return whole(known * factor) if known is not None else times(a, whole(factor))


def negated(a: Sql) -> Sql:
    known = constant_of(a)
    if known is not None:
        return whole(-known)
    parts, kind = _wide([a], -a.hi, -a.lo)
    return expression(kind, "(-{0})", *parts, lo=-a.hi, hi=-a.lo)


def absolute(a: Sql) -> Sql:
    if a.lo >= 0:
        return a
    hi = max(-a.lo, a.hi)
    parts, kind = _wide([a], 0, hi)
    return expression(kind, "abs({0})", *parts, lo=0, hi=hi)


def truncated(a: Sql, d: Sql) -> Sql:
    """a / d towards zero; NULL where d is 0. `//` truncates, and raises on 0 even in a branch that is not taken."""
    size = max(abs(a.lo), abs(a.hi)) // _least(d)
    lo = 0 if a.lo >= 0 and d.lo >= 0 else -size
    hi = 0 if a.hi <= 0 and d.lo >= 0 else size
    parts, kind = _wide([a, d], min(lo, a.lo), max(hi, a.hi))
    return expression(kind, f"({{0}} // {_guarded(d)})", *parts, lo=lo, hi=hi)


def remainder(a: Sql, d: Sql) -> Sql:
    """The rest of `truncated`, with the sign of a."""
    size = min(max(abs(a.lo), abs(a.hi)), max(abs(d.lo), abs(d.hi)) - 1)
    size = max(size, 0)
    # -(2**63) % -1 overflows although its result is 0, so the operands are widened as for `truncated`
    parts, kind = _wide([a, d], min(a.lo, -a.hi), max(a.hi, -a.lo))
    code = f"({{0}} % {_guarded(d)})"
    return expression(kind, code, *parts, lo=-size if a.lo < 0 else 0, hi=size if a.hi > 0 else 0)


def _least(d: Sql) -> int:
    return max(1, d.lo, -d.hi)


def _guarded(d: Sql) -> str:
    return "NULLIF({1}, 0)" if d.lo <= 0 <= d.hi else "{1}"


def clamped(a: Sql, lo: int, hi: int) -> Sql:
    """The number where it lies in lo..hi, else NULL. `a` is written twice: store it first."""
    if lo <= a.lo and a.hi <= hi:
        return a
    low, high = max(lo, a.lo), min(hi, a.hi)
    code = f"(CASE WHEN {{0}} BETWEEN {whole(lo).code} AND {whole(hi).code} THEN {{0}} END)"
    return expression(a.kind, code, a, lo=low, hi=high)


def choice(cases: Sequence[tuple[Sql, Sql]], otherwise: Sql | None) -> Sql:
    """The value of the first condition that is true; NULL, or `otherwise`, where none is."""
    values = [value for _, value in cases] + ([otherwise] if otherwise is not None else [])
    kind = values[0].kind
    lo, hi = min(v.lo for v in values), max(v.hi for v in values)
    if kind in (BIGINT, HUGEINT):
        kind = HUGEINT if any(v.kind == HUGEINT for v in values) else width(lo, hi)
    arms = "".join(f" WHEN {condition.code} THEN {value.code}" for condition, value in cases)
    tail = f" ELSE {otherwise.code}" if otherwise is not None else ""
    level = level_of([*values, *(condition for condition, _ in cases)])
    return Sql(f"(CASE{arms}{tail} END)", kind, level, lo, hi)


# ------------------------------------------------------------------------------------------------------ conditions


def compared(a: Sql, sign: str, b: Sql) -> Sql:
    return expression(BOOLEAN, f"({{0}} {sign} {{1}})", a, b)


def both(parts: Sequence[Sql]) -> Sql:
    return _joined(parts, " AND ", flag(True))


def either(parts: Sequence[Sql]) -> Sql:
    return _joined(parts, " OR ", flag(False))


def _joined(parts: Sequence[Sql], word: str, nothing: Sql) -> Sql:
    if len(parts) < 2:
        return parts[0] if parts else nothing
    return Sql("(" + word.join(part.code for part in parts) + ")", BOOLEAN, level_of(parts))


def is_null(a: Sql) -> Sql:
    return expression(BOOLEAN, "({0} IS NULL)", a)


def is_there(a: Sql) -> Sql:
    return expression(BOOLEAN, "({0} IS NOT NULL)", a)


def first_of(parts: Sequence[Sql]) -> Sql:
    """The first that is not NULL."""
    if len(parts) == 1:
        return parts[0]
    return Sql("COALESCE(" + ", ".join(part.code for part in parts) + ")", parts[0].kind, level_of(parts))
