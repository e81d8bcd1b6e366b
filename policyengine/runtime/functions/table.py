"""Plain functions: typed by their signature, run by one implementation in every evaluator.

An implementation takes and gives plain Python values (str, bool, int, tuple) and returns a `Failure` for what cannot
be answered. Functions on numbers are typed and run elsewhere, since their units and ranges matter.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from policyengine.values import types
from policyengine.values.types import BOOL, BYTES, STRING, Type


@dataclass(frozen=True, slots=True)
class Signature:
    """`method` functions are written `x.f(y)`, the others `f(x, y)`."""

    parameters: tuple[Type, ...]
    result: Type
    method: bool = False
    may_fail: bool = False

    def __str__(self) -> str:
        shown = [str(p) for p in self.parameters]
        if self.method:
            return f"{shown[0]}.f({', '.join(shown[1:])})"
        return f"f({', '.join(shown)})"


@dataclass(frozen=True, slots=True)
class Function:
    """One built-in. `cost` is charged a call; `total` says that it cannot fail; `doc` is its line in the reference."""

    name: str
    signatures: tuple[Signature, ...]
    run: Callable[..., Any]
    doc: str
    cost: int = 1


def _method(*parameters: Type, gives: Type, may_fail: bool = False) -> tuple[Signature, ...]:
    return (Signature(parameters, gives, method=True, may_fail=may_fail),)


_ALL = (
    Function(
        "contains",
        _method(STRING, STRING, gives=BOOL),
        lambda text, part: part in text,
        "`text.contains(part)`: whether the part occurs in the text.",
    ),
    Function(
        "startsWith",
        _method(STRING, STRING, gives=BOOL),
        lambda text, start: text.startswith(start),
        "`text.startsWith(start)`: whether the text begins so.",
    ),
    Function(
        "endsWith",
        _method(STRING, STRING, gives=BOOL),
        lambda text, end: text.endswith(end),
        "`text.endsWith(end)`: whether the text ends so.",
    ),
    Function(
        "lowerAscii",
        _method(STRING, gives=STRING),
        lambda text: "".join(c.lower() if c.isascii() else c for c in text),
        "`text.lowerAscii()`: the letters A to Z in lower case.",
    ),
    Function(
        "upperAscii",
        _method(STRING, gives=STRING),
        lambda text: "".join(c.upper() if c.isascii() else c for c in text),
        "`text.upperAscii()`: the letters a to z in upper case.",
    ),
)

FUNCTIONS: dict[str, Function] = {f.name: f for f in _ALL}

__all__ = ["BYTES", "FUNCTIONS", "Function", "Signature", "types"]
