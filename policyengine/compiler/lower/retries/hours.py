"""`hours`, `weekdays` and `pay_days` -> the first instant at which an attempt may be made."""

from __future__ import annotations

from policyengine.compiler import diagnostics as say
from policyengine.compiler.lower.retries.parts import Asked
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.retries import RetryClass
from policyengine.language.yaml import Node, Sequence, plain
from policyengine.runtime.program import Call, Const, Expr
from policyengine.values import types
from policyengine.values.civil import DAY, HOUR, MINUTE
from policyengine.values.opening import LAST

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
NUMBERS = types.List(types.integer(0, 31), 31)


def opened(asked: Asked, kind: RetryClass, at: Expr) -> Expr:
    """An instant, moved to the first one at which the class may be attempted; the same one where it says nothing."""
    if kind.hours is None and kind.weekdays is None and kind.pay_days is None:
        return at
    assert asked.zone is not None
    opens, closes = (0, DAY) if kind.hours is None else _hours(kind)
    days = tuple(LAST if day == "last" else int(day) for day in _items(kind.pay_days))
    weekdays = tuple(WEEKDAYS.index(day) for day in _items(kind.weekdays))
    times = (Const(types.DURATION, opens), Const(types.DURATION, closes))
    return Call(
        types.TIMESTAMP,
        "next_open",
        (asked.zone, at, *times, Const(NUMBERS, days), Const(NUMBERS, weekdays)),
        may_fail=True,
    )


def _hours(kind: RetryClass) -> tuple[int, int]:
    """`"09:00-17:00"` as two times of day in nanoseconds; the same time twice would never be open or always."""
    assert kind.hours is not None
    opens, closes = (_time(part) for part in kind.hours.text.split("-"))
    if opens == closes:
        raise Rejected(say.empty_hours(kind.hours.text, kind.hours.span))
    return opens, closes


def _time(written: str) -> int:
    hours, minutes = written.split(":")
    return int(hours) * HOUR + int(minutes) * MINUTE


def _items(node: Node | None) -> list[str]:
    return [str(plain(item)) for item in node.items] if isinstance(node, Sequence) else []
