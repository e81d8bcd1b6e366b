"""Writing generated code: values, statements and the failures that values carry.

A writer knows lines, variables and constants; what an expression becomes is said by the generator that extends it, so
that the operations of `emission.py` need to know nothing but this file.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from policyengine.frozen import frozen
from policyengine.runtime import failure
from policyengine.runtime.codegen import support
from policyengine.runtime.failure import Failure
from policyengine.runtime.program import Call, Expr
from policyengine.runtime.tables import overriding, schedules
from policyengine.values import types
from policyengine.values.types import Number, Quotient, Type

INDENT_MAX = 80

Built = str | tuple[str, str]
"""The code of a result, or that of a quotient's numerator and denominator."""
Settle = Callable[[str, str], list[str]]
"""The statements that may replace a stored result (its name, its denominator's name) by a Failure."""


class TooDeep(Exception):
    """The entry nests deeper than generated code may; the interpreter answers instead."""


@frozen
class Val:
    """A value in generated code. `below` is the denominator's code of a quotient, whose numerator is `code`."""

    code: str
    type: Type
    fails: bool = False
    below: str = ""
    depth: int = 0

    @property
    def atom(self) -> bool:
        return self.depth == 0


def as_built(name: str, below: str) -> list[str]:
    """Settles a result whose own code may be a Failure already."""
    return []


def is_pair(its_type: Type) -> bool:
    """Whether a value is held as numerator and denominator: a quotient, or one that may be absent."""
    inner = its_type.item if isinstance(its_type, types.Optional) else its_type
    return isinstance(inner, Quotient)


_ASSIGNMENT = re.compile(r" (t\d+d?) = ")
_LOOKED_UP = re.compile(r"(K\d+)\[(\w+)\]")
_VARIABLE = re.compile(r"\bt\d+d?\b")


def without_unused(lines: list[str]) -> list[str]:
    """The statements of a function without those at its top level that set what nothing reads.

    None of them has an effect but a call that is charged: it is given the meter, and stays.
    """
    used: set[str] = set()
    kept: list[str] = []
    for line in reversed(lines):
        sets = _ASSIGNMENT.match(line)
        if sets and sets[1] not in used and "(m, " not in line:
            continue
        used.update(_VARIABLE.findall(line[sets.end() :] if sets else line))
        kept.append(line)
    return kept[::-1]


class Writer(ABC):
    """The function that is being written; `names` is what its code finds beside its arguments."""

    def __init__(self, leaves: bool = False) -> None:
        self.leaves = leaves
        self.leave = "return C(f, o)"
        self.lines: list[str] = []
        self.indent = 1
        self.count = 0
        self.names: dict[str, Any] = {
            "F": Failure,
            "S": support,
            "W": overriding,
            "T": schedules,
            "B": schedules.bisect_left,
            "R": bisect_right,
            "E": {},
        }
        self.bound: dict[Any, str] = {}

    @abstractmethod
    def emit(self, expr: Expr) -> Val:
        """The code of an expression, after the statements that it needs."""

    @abstractmethod
    def tiers(self, expr: Expr, quantity_den: int) -> tuple[Val, int]:
        """A prepared schedule and the denominator over which quantities must be given to it."""

    @abstractmethod
    def behind(self, expr: Expr) -> Expr:
        """The expression that a name stands for, where its value is not in a variable already."""

    # ------------------------------------------------------------------------------------------------ statements

    def line(self, text: str) -> None:
        if self.indent > INDENT_MAX:
            raise TooDeep
        self.lines.append(" " * self.indent + text)

    def fresh(self) -> str:
        self.count += 1
        return f"t{self.count}"

    def stored(self, v: Val) -> Val:
        """The value in a variable."""
        if v.atom and (not v.below or v.below.isidentifier() or v.below.isdigit()):
            return v
        name = self.fresh()
        self.line(f"{name} = {v.code}")
        below = v.below
        if below and not (below.isidentifier() or below.isdigit()):
            below = name + "d"
            self.line(f"{below} = {v.below}")
        return replace(v, code=name, below=below, depth=0)

    def named(self, code: str) -> str:
        """A variable for the value of a code, which is computed here."""
        inner = code.strip("()")
        if inner.isidentifier():
            return inner
        name = self.fresh()
        self.line(f"{name} = {code}")
        return name

    def bind(self, value: Any, key: Any = None) -> str:
        """A name for a constant object."""
        key = ("id", id(value)) if key is None else key
        if key not in self.bound:
            name = f"K{len(self.bound)}"
            self.bound[key] = name
            self.names[name] = value
        return self.bound[key]

    def through(self, code: str, values: Sequence[Any], key: Any) -> str:
        """The code of `values[code]`, in one step where the code looks its number up in a constant dict itself."""
        found = _LOOKED_UP.fullmatch(code)
        numbers = self.names.get(found[1]) if found else None
        if found is None or not isinstance(numbers, dict):
            return f"{self.bind(values, key)}[{code}]"
        straight = {own: values[number] for own, number in numbers.items()}
        return f"{self.bind(straight, (*key, found[1]))}[{found[2]}]"

    def assign(self, name: str, built: Built) -> None:
        if isinstance(built, tuple):
            self.line(f"{name} = {built[0]}")
            self.line(f"{name}d = {built[1]}")
        else:
            self.line(f"{name} = {built}")

    # ---------------------------------------------------------------------------------------------------- values

    def strict(
        self,
        its_type: Type,
        arguments: Sequence[Expr],
        build: Callable[[list[Val]], Built],
        settle: Settle | None = None,
        guard: Callable[[list[Val]], str] | None = None,
        failed: Failure = failure.DIVISION_BY_ZERO,
        beside: Sequence[Val] = (),
    ) -> Val:
        """An operation that fails where an argument does.

        `build` gives the code of the result (numerator and denominator for a quotient). `guard` gives the code of a
        condition under which the operation itself fails with `failed`; `settle` gives statements that may replace the
        stored result (its name, its denominator's name) by a Failure. `beside` are values that `build` uses already
        and that may have failed; they stand before the arguments.
        """
        values = [self.emit(a) for a in arguments]
        if self.leaves and (settle is not None or guard is not None):
            return self._or_leave(its_type, [self.stored(v) for v in values], build, settle, guard)
        failing = [v for v in (*beside, *values) if v.fails]
        if not failing and settle is None and guard is None:
            return self._joined(its_type, build(values), 1 + max((v.depth for v in values), default=0))
        values = [self.stored(v) for v in values]
        name = self.fresh()
        pair = is_pair(its_type)
        word = "if"
        for v in dict.fromkeys(v.code for v in (*beside, *values) if v.fails):
            self.line(f"{word} {v}.__class__ is F: {name} = {v}" + (f"; {name}d = 1" if pair else ""))
            word = "elif"
        if guard is not None:
            failed_name = self.bind(failed, ("failure", failed.code))
            self.line(f"{word} {guard(values)}: {name} = {failed_name}" + (f"; {name}d = 1" if pair else ""))
            word = "elif"
        if word == "elif":
            self.line("else:")
            self.indent += 1
        self.assign(name, build(values))
        for text in settle(name, name + "d") if settle else ():
            self.line(text)
        if word == "elif":
            self.indent -= 1
        return Val(name, its_type, True, name + "d" if pair else "")

    def _or_leave(
        self,
        its_type: Type,
        values: list[Val],
        build: Callable[[list[Val]], Built],
        settle: Settle | None,
        guard: Callable[[list[Val]], str] | None,
    ) -> Val:
        """An operation that may fail, in the quick function: where it does, the careful one is asked for everything."""
        name = self.fresh()
        for v in dict.fromkeys(v.code for v in values if v.fails):
            self.line(f"if {v}.__class__ is F: {self.leave}")
        if guard is not None:
            self.line(f"if {guard(values)}: {self.leave}")
        built = build(values)
        if isinstance(built, str) and built.isidentifier():
            name = built
        else:
            self.assign(name, built)
        if settle is not None:
            for text in settle(name, name + "d"):
                self.line(text)
            self.line(f"if {name}.__class__ is F: {self.leave}")
        return Val(name, its_type, False, name + "d" if is_pair(its_type) else "")

    def _joined(self, its_type: Type, built: Built, depth: int) -> Val:
        if isinstance(built, tuple):
            return Val(built[0], its_type, False, built[1], depth)
        return Val(built, its_type, False, "", 0 if built.isidentifier() else depth)

    def scaled(self, v: Val, den: int) -> str:
        """The numerator of a number over another denominator, a multiple of its own."""
        assert isinstance(v.type, Number)
        factor = den // v.type.den
        assert factor * v.type.den == den
        if factor == 1:
            return v.code
        if v.code.isdigit():
            return str(int(v.code) * factor)
        return f"({v.code} * {factor})"

    def pair(self, v: Val) -> tuple[str, str]:
        """Numerator and denominator of any number."""
        if v.below:
            return v.code, v.below
        assert isinstance(v.type, Number)
        return v.code, str(v.type.den)

    def checked(self, expr: Call) -> Settle | None:
        """The statements that turn an int outside 64 bits into a failure."""
        if not expr.may_fail:
            return None
        overflow = self.bind(failure.OVERFLOW, ("failure", "overflow"))
        return lambda name, _: [
            f"if not {types.INT64_MIN} <= {name} <= {types.INT64_MAX}: {name} = {overflow}",
        ]
