"""What to do about operands that do not go together: guesses from the operator and the two types."""

from __future__ import annotations

from typing import Any

from policyengine.language.expression.faults import TIME_HINT
from policyengine.values import types

_TIMES = (types.TIMESTAMP, types.DURATION, types.DATE)
_SECTIONS = ("inputs", "input", "parameters", "tables", "values", "charges", "entitlements", "retries", "proration")
_BOOLS = dict.fromkeys(("yes", "on", "True"), "true") | dict.fromkeys(("no", "off", "False"), "false")
_LENGTH = "a length of time is written `3d`, `12h`, `90m` or `30s`"

FUNCTIONS = {
    **dict.fromkeys(("now", "today", "current_date", "current_timestamp"), "the time of the decision is `at`"),
    **dict.fromkeys(("len", "length", "count"), "write `size(x)`"),
    **dict.fromkeys(("concat", "concatenate"), "join text with `+`"),
    **dict.fromkeys(("coalesce", "nvl", "ifnull"), "write `a.?b.orValue(c)`"),
    **dict.fromkeys(("iif", "iff", "case"), "a choice is written `condition ? a : b`"),
    **dict.fromkeys(("usd", "eur", "money"), "an amount is written with its currency: `5 USD`"),
}
"""What stands for a function of another language."""


def for_word(name: str) -> str | None:
    """A hint for a word that is no name: a text without its quotes, or a word of another language."""
    if name.partition(".")[0] in _SECTIONS:
        return "a name stands without its section"
    if name in _BOOLS:
        return f"write `{_BOOLS[name]}`"
    return f'a text stands in quotes: `"{name}"`' if name.isidentifier() and name.islower() else None


def for_length(unit: str) -> str | None:
    """A hint for a unit that is a word for a length of time."""
    words = ("second", "sec", "minute", "min", "hour", "hr", "day", "week", "w", "month", "year", "y", "d", "h")
    return _LENGTH if unit.lower() in words or unit.lower().removesuffix("s") in words else None


def for_unit(wanted: Any, found: Any) -> str | None:
    """A hint for a number where a unit is missing, or is one too many."""
    match types.unit_product(wanted, found, sign=-1):
        case ((name, 1),):
            return f"multiply it by `1 {name}`"
        case ((name, -1),):
            return f"divide it by `1 {name}`"
    return None


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
    if operator in ("<", "<=", ">", ">=", "==", "!=") and (types.is_number(left) or types.is_number(right)):
        return f"{TIME_HINT}, {_LENGTH}"
    if types.is_text(left) or types.is_text(right):
        return "turn text into a time with `timestamp(x)` or `duration(x)`"
    if operator in ("+", "-"):
        return _LENGTH
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
