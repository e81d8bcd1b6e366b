"""Columns of a table as JSON: each distinct cell once, and the number of its cell for every row in one text.

A table may have a hundred thousand rows. Their cells repeat, so a column loads in the time of its distinct cells; and a
text of numbers, bytes in base64, is read many times as fast as a list of them.
"""

from __future__ import annotations

import binascii
import json
import sys
from array import array
from collections.abc import Sequence
from itertools import accumulate, chain, pairwise
from typing import Any

from policyengine.values import types
from policyengine.values.types import Type

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


def cells_json(cells: Sequence[Any], its_type: Type | None = None) -> Any:
    """A column; one of tiers, by its type, in its parts, since rates rarely repeat as a whole."""
    if not _is_tiers(its_type):
        return _coded(cells)
    bounds, flats = ([cell and cell[part] for cell in cells] for part in (0, 2))
    rates = list(chain.from_iterable(cell[1] for cell in cells if cell))
    return [_coded(bounds), _coded(rates), _coded(flats)]


def cells_of(data: Any, its_type: Type | None = None) -> tuple[Any, ...]:
    """The column of `cells_json`; raises ValueError, TypeError, KeyError or IndexError where it has not written it."""
    if not _is_tiers(its_type):
        return _decoded(data)
    bounds, rates, flats = map(_decoded, data)
    edges = pairwise(accumulate(map(len, (own or () for own in bounds)), initial=0))
    return tuple(
        [
            None if own is None else (own, rates[start:end], flat)
            for own, flat, (start, end) in zip(bounds, flats, edges, strict=True)
        ]
    )


def _is_tiers(its_type: Type | None) -> bool:
    return isinstance(its_type.item if isinstance(its_type, types.Optional) else its_type, types.Tiers)


def _coded(cells: Sequence[Any]) -> list[Any]:
    keys: Sequence[Any] = cells
    try:
        distinct = dict(zip(keys, cells, strict=True))
    except TypeError:  # a map
        keys = [json.dumps(cell, sort_keys=True) for cell in cells]
        distinct = dict(zip(keys, cells, strict=True))
    numbers = {key: number for number, key in enumerate(distinct)}
    return [list(distinct.values()), numbers_json([numbers[key] for key in keys])]


def _decoded(data: Any) -> tuple[Any, ...]:
    distinct, numbers = data
    return tuple(map(frozen(distinct).__getitem__, numbers_of(numbers)))
