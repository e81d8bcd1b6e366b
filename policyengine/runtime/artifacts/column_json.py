"""Columns of a table as JSON: each distinct cell once, and the number of its cell for every row in one text.

A table may have a hundred thousand rows. Their cells repeat, so a column loads in the time of its distinct cells; and a
text of numbers, bytes in base64, is read many times as fast as a list of them.
"""

from __future__ import annotations

import binascii
import json
import sys
from array import array
from collections.abc import Callable, Sequence
from typing import Any

from policyengine.runtime.artifacts.well_formed import check_tiers, check_values
from policyengine.runtime.tier_column import Coded, TierColumn, coded
from policyengine.values import types
from policyengine.values.types import Type

Cells = tuple[Any, ...]
_SIZES = {"B": 1, "H": 2, "I": 4}
"""The bytes of a number by its letter, which comes first in a text of numbers; they are little-endian."""


def frozen(value: Any) -> Any:
    """A value that JSON has given, as the program holds it: lists are tuples there."""
    if isinstance(value, list):
        return tuple([frozen(v) for v in value])
    return value


def numbers_json(numbers: Sequence[int]) -> str:
    """Numbers from 0 to 2**32 - 1 as one text."""
    most = max(numbers, default=0)
    letter = next(letter for letter, size in _SIZES.items() if most < 1 << (8 * size))
    return letter + binascii.b2a_base64(_little_endian(array(letter, numbers)).tobytes(), newline=False).decode()


def numbers_of(text: str) -> array[int]:
    """The numbers of `numbers_json`; raises ValueError or KeyError where it has not written them."""
    numbers = array(text[0])
    if numbers.itemsize != _SIZES[text[0]]:
        raise ValueError("numbers have another size on this machine")
    numbers.frombytes(binascii.a2b_base64(text[1:], strict_mode=True))
    return _little_endian(numbers)


def _little_endian(numbers: array[int]) -> array[int]:
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def column_json(cells: Sequence[Any], its_type: Type) -> Any:
    """A column of a type; one of tiers in its parts, since rates rarely repeat as a whole."""
    if not _is_tiers(its_type):
        return cells_json(cells)
    column = cells if isinstance(cells, TierColumn) else TierColumn.of(cells)
    return [cells_json([values[n] for n in numbers]) for values, numbers in (column.bounds, column.rates, column.flats)]


def column_of(data: Any, its_type: Type, rows: int | None = None) -> Sequence[Any]:
    """The column of `column_json` with so many rows, whose cells are values of its type.

    Raises ValueError, TypeError, KeyError or IndexError where `column_json` has not written it.
    """
    if not _is_tiers(its_type):
        return cells_of(data, rows, lambda distinct: check_values(distinct, its_type))
    bounds, rates, flats = map(_coded_of, data)
    check_tiers(bounds, rates, flats, is_optional=isinstance(its_type, types.Optional))
    column = TierColumn(bounds, rates, flats)
    if len(rates[1]) != column.tiers or (rows is not None and len(column) != rows):
        raise ValueError("the parts of the tiers do not belong together")
    return column


def cells_json(cells: Sequence[Any]) -> list[Any]:
    """Cells of any kind."""
    try:
        distinct, numbers = coded(cells)
    except TypeError:  # a map
        texts, numbers = coded([json.dumps(cell, sort_keys=True) for cell in cells])
        distinct = [json.loads(text) for text in texts]
    return [distinct, numbers_json(numbers)]


def cells_of(data: Any, rows: int | None = None, check: Callable[[Sequence[Any]], None] | None = None) -> Cells:
    """The cells of `cells_json`, of so many rows and once `check` has seen the distinct ones; raises as `column_of`."""
    distinct, numbers = _coded_of(data)
    if rows is not None and len(numbers) != rows:
        raise ValueError(f"a column has {len(numbers):,} cells for {rows:,} rows")
    if check is not None:
        check(distinct)
    return tuple(map(distinct.__getitem__, numbers))


def _is_tiers(its_type: Type | None) -> bool:
    return isinstance(its_type.item if isinstance(its_type, types.Optional) else its_type, types.Tiers)


def _coded_of(data: Any) -> Coded:
    distinct, text = data
    numbers = numbers_of(text)
    if numbers and max(numbers) >= len(distinct):
        raise ValueError("a column has a number without a cell")
    return frozen(distinct), numbers
