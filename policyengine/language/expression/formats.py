"""The clauses of a literal pattern of `format`, checked against the types of the values that fill them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policyengine.language.expression import diagnostics as say
from policyengine.language.expression import syntax
from policyengine.language.expression.diagnostics import Rejected
from policyengine.runtime.functions.formatting import CLAUSE
from policyengine.runtime.limits import FORMAT_PLACES_MAX
from policyengine.values import types
from policyengine.values.types import Type

if TYPE_CHECKING:
    from policyengine.language.expression.check import Checker


def check(checker: Checker, pattern: str, node: syntax.Call, listed: syntax.ListLiteral, values: list[Type]) -> None:
    """Refuse a pattern with an unknown clause, with more or fewer clauses than values, or of other types."""
    assert node.target is not None
    at = checker.at(node.target)
    clauses = [(found[0], found[2], found[3]) for found in CLAUSE.finditer(pattern) if not found[1]]
    for written, places, letter in clauses:
        if letter not in _TAKES or (places and letter not in "ef"):
            raise Rejected(say.bad_format(f"`{written}` is no clause of `format`", at, f"it is one of {_KNOWN}"))
        if places and int(places) > FORMAT_PLACES_MAX:
            raise Rejected(say.bad_format(f"`{written}` asks for more than {FORMAT_PLACES_MAX} places", at))
    if len(clauses) > len(values):
        raise Rejected(
            say.bad_format(f"`format` has {len(clauses)} clauses, and its list {len(values)}", checker.at(listed))
        )
    for (written, _, letter), its_type, (item, _) in zip(clauses, values, listed.items, strict=False):
        if not _takes(letter, its_type):
            raise Rejected(
                say.bad_format(
                    f"`{written}` does not take {its_type}", checker.at(item), f"`%{letter}` takes {_TAKES[letter]}"
                )
            )
        if letter == "s" and isinstance(its_type, types.Number) and not types.is_finite_decimal(its_type.den):
            raise Rejected(say.endless_digits("a text", checker.at(item)))


_TAKES = {
    "s": "any value",
    "d": "an int",
    "o": "an int",
    "f": "a number",
    "e": "a number",
    "b": "an int or a bool",
    "x": "an int, a text or bytes",
    "X": "an int, a text or bytes",
}
_KNOWN = "`%s %d %f %e %b %o %x %X`"


def _takes(letter: str, its_type: Type) -> bool:
    is_int = isinstance(its_type, types.Number) and its_type.integer
    match letter:
        case "d" | "o":
            return is_int
        case "f" | "e":
            return isinstance(its_type, types.Number)
        case "b":
            return is_int or its_type == types.BOOL
        case "x" | "X":
            return is_int or types.is_text(its_type) or its_type == types.BYTES
    return True
