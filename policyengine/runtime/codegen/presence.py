"""What must be there for a node to have a value: where parts are computed before it is known whether they are asked.

A part under `when: has(change)` is made of nodes that read `change` as if it were there, and only those who ask for
them know the condition. So generated code must not compute such a node ahead of its branch, but where it is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from policyengine.runtime.program import All, Any_, Column, Expr, Fact, Fold, If, Program, Read, children, walk
from policyengine.values import types

Atom = int | str
"""A fact by its index, or a node by its name, which is read as if it were there and may be absent."""


class Presence:
    """The atoms of each node: `sure` ones are read whenever the node is computed, `loose` ones only in some branches
    whose conditions do not ask for them."""

    def __init__(self, program: Program, order: Iterable[str]) -> None:
        self._program = program
        self._groups = {fact.path: index for index, fact in enumerate(program.facts) if fact.path}
        self.sure: dict[str, frozenset[Atom]] = {}
        self.loose: dict[str, frozenset[Atom]] = {}
        self._facts: dict[str, frozenset[int]] = {}
        for name in order:
            expr = program.nodes[name].expr
            self._facts[name] = self._facts_in(expr)
            sure: set[Atom] = set()
            loose: set[Atom] = set()
            for atom, is_sure in self._atoms(expr):
                (sure if is_sure else loose).add(atom)
            self.sure[name], self.loose[name] = frozenset(sure), frozenset(loose - sure)

    def _facts_in(self, expr: Expr) -> frozenset[int]:
        """The facts that an expression depends on."""
        found: set[int] = set()
        for part in walk(expr):
            if isinstance(part, Fact):
                found.add(part.index)
            elif isinstance(part, Read):
                found |= self._facts[part.node]
        return frozenset(found)

    def _decides(self, atom: Atom) -> frozenset[int]:
        """The facts that decide whether an atom is there."""
        if isinstance(atom, str):
            return frozenset(i for i in self._facts[atom] if self._may_tell(i))
        path = self._program.facts[atom].path
        groups = [self._groups[path[:n]] for n in range(1, len(path)) if path[:n] in self._groups]
        return frozenset((atom, *groups))

    def _may_tell(self, index: int) -> bool:
        fact = self._program.facts[index]
        return isinstance(fact.type, types.Optional) or fact.type == types.BOOL

    def _atoms(self, expr: Expr) -> Iterator[tuple[Atom, bool]]:
        """The atoms of an expression, and whether they are sure."""
        pending: list[tuple[Expr, frozenset[int] | None]] = [(expr, None)]
        """Parts, with the facts of the conditions above them."""
        while pending:
            part, asked = pending.pop()
            match part:
                case Fact(index=index):
                    if self._may_lack(index) and not isinstance(part.type, types.Optional):
                        yield from self._where(asked, [index], [])
                case Read(node=name):
                    own = self._program.nodes[name].type
                    is_bare = isinstance(own, types.Optional) and not isinstance(part.type, types.Optional)
                    yield from self._where(asked, [*[name] * is_bare, *self.sure[name]], self.loose[name])
                case If(condition=condition, then=then, otherwise=otherwise):
                    below = self._below(asked, condition)
                    pending += [(condition, asked), (then, below), (otherwise, below)]
                case All(operands=operands) | Any_(operands=operands):
                    for operand in operands:
                        pending.append((operand, asked))
                        asked = self._below(asked, operand)
                case Fold():
                    pending += [(each, asked) for each in (part.over, *part.starts, part.result)]
                    steps = part.steps if part.stop is None else (part.stop, *part.steps)
                    pending += [(each, self._below(asked, part.over)) for each in steps]
                case Column(row=row, at=at):
                    pending += [(row, asked)] if at is None else [(row, asked), (at, self._below(asked, row))]
                case _:
                    pending += [(child, asked) for child in children(part)]

    def _may_lack(self, index: int) -> bool:
        """Whether a fact may be absent: it is optional, or stands in a group that is."""
        fact = self._program.facts[index]
        groups = (fact.path[:n] for n in range(1, len(fact.path)))
        return isinstance(fact.type, types.Optional) or any(group in self._groups for group in groups)

    def _below(self, asked: frozenset[int] | None, condition: Expr) -> frozenset[int]:
        return (asked or frozenset()) | self._facts_in(condition)

    def _where(
        self, asked: frozenset[int] | None, sure: Iterable[Atom], loose: Iterable[Atom]
    ) -> Iterator[tuple[Atom, bool]]:
        if asked is None:
            yield from ((atom, True) for atom in sure)
            yield from ((atom, False) for atom in loose)
        else:
            yield from ((atom, False) for atom in (*sure, *loose) if asked.isdisjoint(self._decides(atom)))


def surely_asked(program: Program, asked: Iterable[str]) -> set[str]:
    """The nodes that these ask for whatever the facts are, and they themselves."""
    found: set[str] = set()
    pending = list(asked)
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending += surely_read(program.nodes[name].expr)
    return found


def surely_read(expr: Expr) -> Iterator[str]:
    """The nodes that evaluating an expression asks for, whatever their values."""
    match expr:
        case Read(node=name):
            yield name
        case If(condition=condition):
            yield from surely_read(condition)
        case All(operands=operands) | Any_(operands=operands):
            yield from surely_read(operands[0])
        case Column(row=row):
            yield from surely_read(row)
        case Fold(over=over, starts=starts):
            for part in (over, *starts):
                yield from surely_read(part)
        case _:
            for child in children(expr):
                yield from surely_read(child)
