"""The forms of the functions, made ready for deducing: which names of types each takes, and what it gives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from policyengine.language.expression.dynamic.inferred import DYN, PLAIN, Inferred, Kind, Open, joined, map_kind, part
from policyengine.runtime.functions import FUNCTIONS, Signature
from policyengine.runtime.functions.function import NUMBER, OPEN
from policyengine.values import types

_Bindings = dict[str, Inferred]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A type as a form writes it. `names` are those of the types that it takes, None where it takes any; `is_open` says
    that its name is a letter. What is inside lists and maps is never certain enough to refuse it."""

    name: str
    parts: tuple[Pattern, ...]
    names: frozenset[str] | None
    is_open: bool

    def letters(self) -> Iterator[str]:
        """The letters in it, each as often as it stands there."""
        if self.is_open:
            yield self.name
        for each in self.parts:
            yield from each.letters()

    def bind(self, given: Inferred, bindings: _Bindings) -> None:
        """Note what the letters stand for where such a type is given."""
        if self.is_open:
            bindings[self.name] = joined(bindings.get(self.name, Open()), given)
        elif self.parts and given.name == self.name:
            for i, each in enumerate(self.parts):
                each.bind(part(given, i), bindings)

    def made(self, bindings: _Bindings) -> Inferred:
        """The type, with what its letters turned out to be."""
        if self.is_open:
            return bindings.get(self.name, Open())
        if not self.parts:
            return PLAIN[self.name]
        parts = tuple(each.made(bindings) for each in self.parts)
        return map_kind(*parts) if self.name == "map" else Kind(self.name, parts)


@dataclass(frozen=True, slots=True)
class Form:
    """One form. With `repeats` the last parameter may stand more than once. `fixed` is the result where it is the same
    for all arguments, and where no letter stands twice, so that nothing that is open is joined."""

    parameters: tuple[Pattern, ...]
    repeats: bool
    result: Pattern
    fixed: Inferred | None

    def given(self, arguments: Sequence[Inferred]) -> Inferred | None:
        """What it gives for arguments of these types; None where it does not take them."""
        parameters = self.parameters
        more = len(arguments) - len(parameters)
        if more:
            if more < 0 or not self.repeats:
                return None
            parameters += parameters[-1:] * more
        for parameter, its in zip(parameters, arguments, strict=True):
            if parameter.names is not None and its.name not in parameter.names:
                return None
        if self.fixed is not None:
            return self.fixed
        bindings: _Bindings = {}
        for parameter, its in zip(parameters, arguments, strict=True):
            parameter.bind(its, bindings)
        return self.result.made(bindings)


def _pattern(a: types.Type) -> Pattern:
    if a == types.DYN or a in OPEN:
        return Pattern(str(a), (), None, a in OPEN)
    if a == NUMBER:
        return Pattern(DYN.name, (), frozenset(("int", "decimal", "dyn")), False)
    name, inside = _split(a)
    return Pattern(name, tuple(map(_pattern, inside)), frozenset((name, "dyn")), False)


def _split(a: types.Type) -> tuple[str, tuple[types.Type, ...]]:
    """The name of a type, and what is inside."""
    match a:
        case types.List(item=item):
            return "list", (item,)
        case types.Map(key=key, value=value):
            return "map", (key, value)
        case types.Optional(item=item):
            return "optional_type", (item,)
    return str(a), ()


def _form(signature: Signature) -> Form:
    parameters = tuple(map(_pattern, signature.parameters))
    result = _pattern(signature.result)
    letters = [letter for each in (*parameters, *parameters[-1:] * signature.repeats) for letter in each.letters()]
    is_fixed = len(set(letters)) == len(letters) and not list(result.letters())
    return Form(parameters, signature.repeats, result, result.made({}) if is_fixed else None)


FORMS: dict[tuple[str, bool], tuple[Form, ...]] = {
    (name, method): forms
    for name, function in FUNCTIONS.items()
    for method in (False, True)
    if (forms := tuple(_form(each) for each in function.signatures if each.method is method))
}
"""The forms of a function by its name, and whether it is written as a method."""
