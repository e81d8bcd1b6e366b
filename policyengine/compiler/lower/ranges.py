"""Do the written values of a parameter or a result column lie within what their own declaration allows?"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from policyengine.compiler import diagnostics as say
from policyengine.compiler.literals import Exact
from policyengine.compiler.lower.context import Broken, Context
from policyengine.language.declared import Declared
from policyengine.source import Span
from policyengine.values.number_text import fraction_text
from policyengine.values.types import DEFAULT_PLACES, Number, Type, rescaled


def check(
    context: Context,
    declared: Declared,
    name: str,
    found: Type,
    values: Iterable[Exact],
    places: Iterable[Span],
    *,
    usual_places: bool = False,
) -> None:
    """Raises Broken after reporting the first value outside; `found` is the type that holds them all and no more."""
    wanted = declared.type
    if not isinstance(wanted, Number) or not isinstance(found, Number) or _is_within(found, wanted):
        return
    for value, at in zip(values, places, strict=True):
        if value is not None:
            check_one(context, declared, name, value, at, usual_places=usual_places)


def check_one(
    context: Context, declared: Declared, name: str, value: Exact, at: Span, *, usual_places: bool = False
) -> None:
    """Raises Broken after reporting a number outside of what is declared; one of a list of prices may have more places
    than the usual ones where nothing is said of them, unless `usual_places` hold."""
    wanted = declared.type
    assert isinstance(wanted, Number)
    held = Fraction(value) * wanted.den
    if (held.denominator != 1 and (usual_places or _says_places(declared))) or not wanted.lo <= held <= wanted.hi:
        shown = fraction_text(*(Fraction(value) / declared.factor).as_integer_ratio())
        context.error(say.outside_range(shown, name, at))
        raise Broken


def _says_places(declared: Declared) -> bool:
    """Whether fewer places than usual are declared."""
    assert isinstance(declared.type, Number)
    usual: int = 10**DEFAULT_PLACES * declared.factor.denominator
    return declared.type.den < usual


def _is_within(found: Number, wanted: Number) -> bool:
    if wanted.den % found.den:
        return False
    wide = rescaled(found, wanted.den)
    return wanted.lo <= wide.lo and wide.hi <= wanted.hi
