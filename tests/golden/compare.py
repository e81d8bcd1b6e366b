"""Expected against found: what is asserted must be there, exactly; numbers are equal by value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

import policyengine as pe


class Unordered(list[Any]):
    """A found list whose order the case's rules leave free."""

    __slots__ = ()


class Beginning(list[Any]):
    """A found list that goes on, of which a source prints the first items."""

    __slots__ = ()


class Printed(Decimal):
    """A found number, `x_amount`, that a source prints rounded half up to the places of the `x_scale` beside it."""

    __slots__ = ()


class Near(Decimal):
    """A found number that a source prints to five places of a minor unit: equal within the case files' tolerance."""

    __slots__ = ()


class AnyOf(set[str]):
    """What was found to hold for several values, of which a source names one."""

    __slots__ = ()


TOLERANCE = Decimal("0.00002")


def differences(expected: Any, found: Any, path: str = "") -> Iterator[str]:
    """One line for each value that differs: where, what was expected, what was found."""
    match expected, found:
        case Mapping(), Mapping():
            found = _as_printed(expected, found)
            for key, value in expected.items():
                at = f"{path}.{key}" if path else str(key)
                if key in found:
                    yield from differences(value, found[key], at)
                else:
                    yield f"{at}: expected {shown(value)}, but nothing was found"
        case list(), Unordered() if len(expected) == len(found):
            if not _is_permutation(expected, found):
                yield _line(path, expected, found)
        case list(), Beginning() if 0 < len(expected) < len(found):
            yield from differences(expected, found[: len(expected)], path)
        case list(), list() | tuple() if len(expected) == len(found):
            for place, (one, other) in enumerate(zip(expected, found, strict=True), start=1):
                yield from differences(one, other, f"{path}[{place}]")
        case _:
            if not _is_same(expected, found):
                yield _line(path, expected, found)


def _as_printed(expected: Mapping[str, Any], found: Mapping[str, Any]) -> Mapping[str, Any]:
    """What was found, with its printed numbers at the scale that the case asserts them at."""
    printed: dict[str, Any] = {}
    for name, value in found.items():
        scale = f"{name.removesuffix('_amount')}_scale"
        if isinstance(value, Printed) and scale in expected:
            unit = Decimal(1).scaleb(-expected[scale])
            printed |= {name: value.quantize(unit, ROUND_HALF_UP), scale: expected[scale]}
    return {**found, **printed}


def _line(path: str, expected: Any, found: Any) -> str:
    where = f"{path}: " if path else ""
    return f"{where}expected {shown(expected)}, found {shown(found)}"


def shown(value: Any) -> str:
    """A value for people: a Decimal as its digits."""
    match value:
        case Mapping():
            return "{" + ", ".join(f"{key}: {shown(item)}" for key, item in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(shown(item) for item in value) + "]"
        case Decimal() | pe.Timestamp() | pe.Duration():
            return str(value)
    return repr(value)


def _is_permutation(expected: list[Any], found: list[Any]) -> bool:
    left = list(found)
    for item in expected:
        fitting = [n for n, other in enumerate(left) if not list(differences(item, other))]
        if not fitting:
            return False
        left.pop(fitting[0])
    return not left


def _is_same(expected: Any, found: Any) -> bool:
    match expected, found:
        case (None, _) | (_, None):
            return expected is found
        case (bool(), _) | (_, bool()):
            return expected is found
        case str(), AnyOf():
            return expected in found
        case str(), pe.Timestamp() | pe.Duration():
            return expected == str(found)
        case str(), Near():
            return abs((_number(expected) or Decimal("nan")) - found) <= TOLERANCE
        case str(), int() | Decimal():
            return _number(expected) == found
        case ((int() | Decimal()), (int() | Decimal())):
            return bool(expected == found)
        case str(), str():
            return expected == found
    return False


def _number(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None
