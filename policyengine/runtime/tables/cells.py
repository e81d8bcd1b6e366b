"""The cells of a table's condition columns: what each form accepts.

A cell is plain data: None (anything), a bare value (equality), or a tuple whose first item names the form:

    ("any", cell, ...)            any of
    ("not", cell)                 everything else
    ("range", lo, lo_in, hi, hi_in)   an interval; a missing bound is None
    ("starts", text) ("ends", text) ("contains", text) ("matches", pattern)

Numbers in cells are ints over the denominator of the column's type, like all numbers of a program.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from policyengine.runtime.functions.automaton import matcher
from policyengine.values.types import UNLIMITED

Cell = Any
COLLECTING = frozenset(("collect", "sum", "min", "max", "count"))
"""The hit policies under which every matching row answers: a table node then holds a list of rows."""


def accepts(cell: Cell, value: Any, exact: Callable[[Any], Any] = lambda v: v) -> bool:
    """Whether a cell accepts a value; `exact` turns a cell's value into the form in which `value` is held."""
    if cell is None:
        return True
    if not isinstance(cell, tuple):
        return bool(exact(cell) == value)
    match cell:
        case ("any", *cells):
            return any(accepts(c, value, exact) for c in cells)
        case ("not", inner):
            return not accepts(inner, value, exact)
        case ("range", lo, lo_in, hi, hi_in):
            if value is None:
                return False
            above = lo is None or _below(exact(lo), value) or (lo_in and exact(lo) == value)
            return above and (hi is None or _below(value, exact(hi)) or (hi_in and bool(exact(hi) == value)))
        case ("starts", text):
            return value is not None and bool(value.startswith(text))
        case ("ends", text):
            return value is not None and bool(value.endswith(text))
        case ("contains", text):
            return value is not None and text in value
        case ("matches", pattern):
            return value is not None and matcher(pattern).occurs(value)
    raise AssertionError(f"not a cell: {cell!r}")


def _below(a: Any, b: Any) -> bool:
    """The order of a column: `unlimited` lies above every number."""
    if a == UNLIMITED:
        return False
    return bool(b == UNLIMITED or a < b)


def constants(cell: Cell) -> list[Any] | None:
    """The values of a cell that is equality or any-of equalities, else None."""
    if cell is not None and not isinstance(cell, tuple):
        return [cell]
    if isinstance(cell, tuple) and cell[0] == "any":
        out: list[Any] = []
        for inner in cell[1:]:
            found = constants(inner)
            if found is None:
                return None
            out += found
        return out
    return None
