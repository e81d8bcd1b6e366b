"""What the names of an expression mean where it stands: inputs, nodes, types, units and loop variables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import field, replace

from policyengine.frozen import frozen
from policyengine.runtime.program import Expr
from policyengine.source import Span
from policyengine.values import types

Callable_ = Callable[[tuple[Expr, ...], Span], Expr]


@frozen
class Variable:
    """A readable name. `requires` are the presence atoms under which it is there; `label` is what authors write."""

    expr: Expr
    requires: frozenset[str] = frozenset()


@frozen
class Scope:
    """Dotted names and what they stand for.

    `presence` maps an atom (the dotted name of something optional) to the expression that says whether it is there;
    `present` are the atoms that are known to hold here (flow typing).
    """

    variables: dict[str, Variable]
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict)
    presence: dict[str, Expr] = field(default_factory=dict)
    enums: dict[str, types.Enum] = field(default_factory=dict)
    units: frozenset[str] = frozenset()
    currency: str = ""
    callables: dict[str, Callable_] = field(default_factory=dict)
    present: frozenset[str] = frozenset()
    locals: dict[str, Variable] = field(default_factory=dict)
    loops: int = 0
    currency_places: Callable[[Span], Expr] | None = None
    """The places of the currency, for `round(x, currency, mode)`."""
    zone: str = ""
    """The bundle's own time zone."""
    use_zone: Callable[[str], str | None] | None = None
    """Puts a zone into the program; gives a hint where there is no such zone."""
    equivalents: dict[str, frozenset[str]] = field(default_factory=dict)
    """An atom that holds exactly where a set of others does."""

    def knowing(self, atoms: frozenset[str]) -> Scope:
        """The same scope where these atoms are known to be present, with all that follows from them."""
        known = self.present | atoms
        if known == self.present:
            return self
        grown: frozenset[str] = frozenset()
        while grown != known:
            grown = known
            for atom, others in self.equivalents.items():
                if atom in known:
                    known |= others
                elif others <= known:
                    known |= {atom}
        return replace(self, present=known)

    def binding(self, name: str, variable: Variable, *, loops: int = 0) -> Scope:
        """The same scope with a local variable, which hides every other meaning of its name, inside more loops."""
        present = frozenset(a for a in self.present if a != name and not a.startswith(name + "."))
        return replace(self, locals={**self.locals, name: variable}, present=present, loops=self.loops + loops)

    def names(self) -> Iterator[str]:
        yield from self.locals
        yield from self.variables
        yield from self.enums
