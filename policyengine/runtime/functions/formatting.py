"""`"...".format([...])`: texts with values filled in, as CEL's strings extension says."""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from policyengine.runtime.failure import BAD_ARGUMENT, NO_OVERLOAD, TEXT_TOO_LONG, Failure
from policyengine.runtime.functions.kinds import word
from policyengine.runtime.functions.number_forms import fixed, scientific
from policyengine.runtime.functions.texts import display
from policyengine.runtime.limits import FORMAT_PLACES_MAX, TEXT_MAX, Meter

CLAUSE = re.compile(r"%(?:(%)|(?:\.([0-9]{1,9}))?(.?))", re.DOTALL)
_PLACES = 6

Clause = Callable[[Meter, Any, int], "str | Failure"]


def formatted(meter: Meter, pattern: str, arguments: tuple[Any, ...]) -> str | Failure:
    """The text with each `%` clause replaced by the next value of the list."""
    meter.characters(len(pattern))
    written: list[str] = []
    at = size = used = 0
    for clause in CLAUSE.finditer(pattern):
        piece: str | Failure = "%"
        if not clause[1]:
            piece = _filled(meter, clause, arguments, used)
            used += 1
        if isinstance(piece, Failure):
            return piece
        size += clause.start() - at + len(piece)
        if size > TEXT_MAX:
            return TEXT_TOO_LONG
        meter.charge(1 + len(piece) // 10)
        written += [pattern[at : clause.start()], piece]
        at = clause.end()
    return "".join([*written, pattern[at:]]) if size + len(pattern) - at <= TEXT_MAX else TEXT_TOO_LONG


def _filled(meter: Meter, clause: re.Match[str], arguments: tuple[Any, ...], index: int) -> str | Failure:
    run = _CLAUSES.get(clause[3])
    places = int(clause[2]) if clause[2] else _PLACES
    if run is None or (clause[2] and clause[3] not in "ef"):
        return BAD_ARGUMENT.saying(f"`{clause[0]}` is no clause of `format`")
    if places > FORMAT_PLACES_MAX:
        return BAD_ARGUMENT.saying(f"`{clause[0]}` asks for more than {FORMAT_PLACES_MAX} places")
    if index >= len(arguments):
        return BAD_ARGUMENT.saying(f"`format` has {index + 1} clauses or more and {len(arguments)} values")
    return run(meter, arguments[index], places)


def _refused(clause: str, value: Any) -> Failure:
    return NO_OVERLOAD.saying(f"`%{clause}` does not take {word(value)}")


def _whole(meter: Meter, value: Any, places: int) -> str | Failure:
    return str(value) if type(value) is int else _refused("d", value)


def _fixed(meter: Meter, value: Any, places: int) -> str | Failure:
    return fixed(value, places) if type(value) in (int, Fraction) else _refused("f", value)


def _scientific(meter: Meter, value: Any, places: int) -> str | Failure:
    return scientific(value, places) if type(value) in (int, Fraction) else _refused("e", value)


def _binary(meter: Meter, value: Any, places: int) -> str | Failure:
    return f"{value:b}" if type(value) in (int, bool) else _refused("b", value)


def _octal(meter: Meter, value: Any, places: int) -> str | Failure:
    return f"{value:o}" if type(value) is int else _refused("o", value)


def _hexadecimal(meter: Meter, value: Any, places: int) -> str | Failure:
    if type(value) is int:
        return f"{value:x}"
    if type(value) is str:
        value = value.encode()
    if type(value) is not bytes:
        return _refused("x", value)
    meter.characters(len(value))
    return value.hex() if 2 * len(value) <= TEXT_MAX else TEXT_TOO_LONG


def _upper_hexadecimal(meter: Meter, value: Any, places: int) -> str | Failure:
    found = _hexadecimal(meter, value, places)
    return found if isinstance(found, Failure) else found.upper()


_CLAUSES: dict[str, Clause] = {
    "s": lambda meter, value, places: display(meter, value),
    "d": _whole,
    "f": _fixed,
    "e": _scientific,
    "b": _binary,
    "o": _octal,
    "x": _hexadecimal,
    "X": _upper_hexadecimal,
}
