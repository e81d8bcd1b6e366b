"""The limits of one evaluation, all in one place, and the meter that keeps them.

A unit of cost is about one small operation: reading a name, comparing two numbers, ten characters of text looked at.
Only what can repeat is charged: turns of a loop (each by the size of its body), texts and lists that are built or gone
through, regular expressions, numbers of hundreds of digits. So the budget bounds time and memory together: spending all
of it takes a fraction of a second and some ten megabytes.

Limits of the text of an expression are in `language/expression/faults.py`.
"""

from __future__ import annotations

from typing import Any

COST_MAX = 1_000_000
"""Units that one evaluation may cost; more than that ends it, and no `||` absorbs that."""
TEXT_MAX = 1_000_000
"""Characters, or bytes, of one value that an expression builds."""
CHARACTERS_PER_UNIT = 10
NUMBER_BITS_MAX = 24_000
"""Bits of the numerator or denominator of one number; the largest literal has 20,524."""
BITS_PER_UNIT = 400
"""Bits of two decimals together that cost a unit more; twice as many cost four times as much."""
TEXT_EXPONENT_MAX = 1_000
"""A decimal whose first digit is further from the point than this is never written out."""
FORMAT_PLACES_MAX = 100
"""Decimal places that `%.nf` may ask for."""
LOOPS_MAX = 3
"""How deep comprehensions may stand inside each other."""
GIVEN_PARTS_MAX = 200_000
"""Values, items, keys and so on in all variables together."""
GIVEN_CHARACTERS_MAX = 10_000_000
"""Characters and bytes in all variables together."""
GIVEN_DEPTH_MAX = 64
RESULT_PARTS_MAX = 500_000
RESULT_DEPTH_MAX = 100
PERIODS_MAX = 1_000
"""Periods that one call lists."""
LIST_MAX = 1_000_000
"""Items of a list whose length only the budget bounds."""
NUMBER_TEXT_MAX = 2_000
"""Characters of a number, a time or a truth value as text, at most."""


class CostExceeded(Exception):
    """The budget is spent. It is no failure of one operation: nothing absorbs it, the whole evaluation ends."""


class Meter:
    """What is left of the budget of one evaluation; `searches` are the patterns that it has used, by their text."""

    __slots__ = ("left", "searches")

    def __init__(self, budget: int = COST_MAX) -> None:
        self.left = budget
        self.searches: dict[str, Any] = {}

    def charge(self, units: int) -> None:
        """Take units from the budget; raises CostExceeded when it is spent."""
        self.left -= units
        if self.left < 0:
            raise CostExceeded

    def sized(self, value: Any) -> None:
        """Charge for something that is gone through: the parts of a list or a map, the characters of a text."""
        its = value.__class__
        if its is str:
            self.charge(len(value) // CHARACTERS_PER_UNIT)
        elif its is tuple or its is dict:
            pending = [value]
            while pending:
                part = pending.pop()
                items = part.values() if part.__class__ is dict else part
                self.charge(len(items))
                pending += [item for item in items if item.__class__ is tuple or item.__class__ is dict]

    def characters(self, count: int) -> None:
        """Charge for text that is built or gone through."""
        self.left -= count // CHARACTERS_PER_UNIT
        if self.left < 0:
            raise CostExceeded
