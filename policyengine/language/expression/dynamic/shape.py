"""What an expression must look like whatever its values are: the shapes of macros, quantities, patterns and modes.

Each function raises Rejected. Both who plans an expression and who deduces its type ask here.
"""

from __future__ import annotations

from collections.abc import Sequence

from policyengine.language.expression import diagnostics as say
from policyengine.language.expression.check import TIME_UNITS, Place
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.expression.syntax import Call, Expression, Name, Number, Select, Text
from policyengine.runtime.functions.automaton import compiled
from policyengine.runtime.limits import LOOPS_MAX
from policyengine.values.instant import DURATION_MAX, DURATION_MIN, Duration

PATTERNED = {"matches": 1, "regex.replace": 1, "regex.extract": 1, "regex.extractAll": 1}
"""The functions that take a pattern, and where."""


def quantity(node: Number, place: Place) -> Duration:
    """A number with a unit of time; other units have no meaning where no types are declared."""
    if node.unit not in TIME_UNITS:
        hint = "units other than those of time need declared types"
        raise Rejected(say.needs_declarations(f"the unit `{node.unit}`", place(node.start, node.end), hint))
    nanoseconds = node.value * TIME_UNITS[node.unit]
    if nanoseconds.denominator != 1:
        raise Rejected(say.always_fails("a duration has whole nanoseconds", place(node.start, node.end)))
    if not DURATION_MIN <= nanoseconds <= DURATION_MAX:
        raise Rejected(say.always_fails("a duration is at most 292 years", place(node.start, node.end)))
    return Duration(nanoseconds.numerator)


def field_asked(node: Call, place: Place) -> Select:
    """The field that `has` asks for."""
    if len(node.arguments) != 1:
        at = place(node.start, node.end)
        raise Rejected(say.wrong_argument_count("has", "one field", len(node.arguments), at))
    argument = node.arguments[0]
    if not isinstance(argument, Select) or argument.optional:
        raise Rejected(say.has_needs_a_field(place(argument.start, argument.end)))
    return argument


def variable_name(node: Expression, place: Place) -> str:
    """The name that a macro binds."""
    if not isinstance(node, Name) or node.root:
        raise Rejected(say.not_a_macro_variable(place(node.start, node.end)))
    return node.name


def loop_variables(node: Call, count: int, loops: int, place: Place) -> list[str]:
    """The names that a loop binds, where it stands inside `loops` others."""
    names = [variable_name(argument, place) for argument in node.arguments[:count]]
    if count == 2 and names[0] == names[1]:
        raise Rejected(say.variable_twice(names[0], place(node.arguments[1].start, node.arguments[1].end)))
    if loops >= LOOPS_MAX:
        raise Rejected(say.too_nested(LOOPS_MAX, place(node.start, node.end)))
    return names


def require_mode(node: Call, place: Place) -> None:
    """`round` says how it rounds."""
    if len(node.arguments) == 2:
        hint = "write `round(x, 2, half_up)`; no mode is assumed"
        raise Rejected(say.needs_constant("the rounding mode", place(node.start, node.end), hint))


def refuse_pattern(name: str, arguments: Sequence[Expression], place: Place) -> None:
    """A literal pattern that cannot be used is a mistake of the author, wherever it stands."""
    at = PATTERNED.get(name, len(arguments))
    if at < len(arguments) and isinstance(pattern := arguments[at], Text):
        found = compiled(pattern.value)
        if isinstance(found, str):
            raise Rejected(say.bad_pattern(found, place(pattern.start, pattern.end)))
