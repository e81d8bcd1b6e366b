"""What to do about operands that do not go together: guesses from the operator and the two types."""

from __future__ import annotations

from typing import Any

from policyengine.values import types

_TIMES = (types.TIMESTAMP, types.DURATION, types.DATE)


def for_operands(operator: str, left: Any, right: Any) -> str | None:
    """A hint for an operator that does not take these two, where there is a likely one."""
    for its_type in (left, right):
        if isinstance(its_type, types.Optional):
            return "guard the optional value with `has(...)`"
        if its_type == types.ANY:
            return "a value of any type may be tested with `==`, `in`, `has` and `type`, and nothing else"
    pair = (left, right)
    if operator == "in":
        if types.is_text(right):
            return "a part of a text is looked for with `text.contains(part)`"
        return "on the right side stands a list, or a map whose keys are looked at"
    if operator == "[]":
        return "a list is read by a position counted from 0, a map by a key of its type"
    if any(isinstance(each, types.Limit) for each in pair):
        return "a limit may be compared, taken in `min`, `max` and `strictest`, and lessened: `limit - n`"
    if any(each in _TIMES for each in pair):
        return _for_times(operator, left, right)
    if operator == "+" and any(isinstance(each, types.List) for each in pair):
        return "an item is put to a list as a list: `items + [item]`"
    if any(types.is_text(each) for each in pair) and any(types.is_number(each) for each in pair):
        also = ", or the number into text with `string(x)`" if operator == "+" else ""
        return f"turn text into a number with `int(x)` or `decimal(x)`{also}"
    if all(isinstance(each, types.Enum) for each in pair):
        return "members of an enum have no order"
    if any(isinstance(each, types.Record | types.Map | types.List) for each in pair):
        return "read one of its parts: `record.field`, `list[0]`, `map[key]`"
    if types.BOOL in pair:
        return "choose a number by a condition: `c ? 1 : 0`"
    return None


def _for_times(operator: str, left: Any, right: Any) -> str:
    if types.DATE in (left, right):
        return "two dates may be compared; `date(t)` is the day of a time"
    if types.is_text(left) or types.is_text(right):
        return "turn text into a time with `timestamp(x)` or `duration(x)`"
    if operator in ("+", "-"):
        return "a length of time is written `3d`, `12h` or `90m`"
    if operator in ("*", "/", "%"):
        return "compute with `seconds_between(a, b)`, which is a number"
    return "compare two times, or two lengths of time; `a - b` is the time between two"


def for_operand(operator: str, operand: Any) -> str | None:
    """A hint for an operator or a function that does not take its only operand."""
    if isinstance(operand, types.Optional):
        return "guard the optional value with `has(...)`"
    if operand == types.ANY:
        return "a value of any type may be tested with `==`, `in`, `has` and `type`, and nothing else"
    if operator in ("&&", "||", "!", "?:", "all", "exists", "exists_one", "existsOne", "filter", "map"):
        return 'a condition is true or false: compare the value, as in `x > 0` or `x == "a"`'
    if operator in ("sum", "avg", "min", "max"):
        return "it takes a list of numbers; read a field of each item with `items.map(x, x.field)`"
    if operator in ("int", "decimal", "double"):
        return "it takes a number or a text of plain digits"
    if operator == "string":
        return 'it takes a number, a time, a bool or bytes; a list is joined with `texts.join(", ")`'
    if operator == "size":
        return "it takes a text, a list, a map or bytes"
    if types.is_text(operand):
        return "turn text into a number with `int(x)` or `decimal(x)`"
    return None


def for_equality(left: Any, right: Any) -> str:
    """A hint for two values that are never equal."""
    if isinstance(left, types.List) is not isinstance(right, types.List):
        return "whether a list has an item is asked with `item in list`"
    if isinstance(left, types.Enum) and isinstance(right, types.Enum):
        return "the two have no member in common"
    found = for_operands("==", left, right)
    return found or "compare values of one type"
