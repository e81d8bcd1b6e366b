"""Types that follow from an expression alone: for the name of its type, and for mistakes that need no facts to be seen.

What is not known is `dyn`, which fits everywhere. So a type that is not `dyn` is certain, and where an operation that
is certainly computed does not take the types of its operands, the expression can only fail: that is said before it
runs. What stands under `&&`, `||`, a choice or a loop may never be computed, or be absorbed; it is left alone.

What must hold whatever the types are (`shape`) is asked on the way, so that one walk over the tree is a whole check.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import product
from typing import Any

from policyengine.language.expression import diagnostics as say
from policyengine.language.expression.check import Place
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.expression.dynamic import shape
from policyengine.language.expression.dynamic.calls import qualified_name
from policyengine.language.expression.dynamic.forms import FORMS
from policyengine.language.expression.dynamic.inferred import (
    BOOL,
    BYTES,
    DATE,
    DECIMAL,
    DURATION,
    DYN,
    INT,
    NULL,
    STRING,
    TIMESTAMP,
    TYPE,
    Inferred,
    Kind,
    Open,
    joined,
    map_kind,
    part,
    settled,
)
from policyengine.language.expression.names import is_bind, variable_count
from policyengine.language.expression.syntax import (
    Binary,
    Bool,
    Bytes,
    Call,
    Chain,
    Expression,
    Index,
    ListLiteral,
    MapLiteral,
    Name,
    Null,
    Number,
    Select,
    Ternary,
    Text,
    Unary,
)
from policyengine.runtime.functions import FUNCTIONS
from policyengine.runtime.functions.kinds import NAMED_TYPES
from policyengine.source import Span

Scope = Mapping[str, Inferred]

_LIST, _MAP, _OPTIONAL = "list", "map", "optional_type"
_CONDITIONS = frozenset(("bool", "dyn"))
_SIGNED = frozenset(("int", "decimal", "duration", "dyn"))
_SEARCHED = frozenset((_LIST, _MAP, "dyn"))
_TESTING = frozenset(("all", "exists", "exists_one", "existsOne", "filter"))
_MACROS_TO_BOOL = _TESTING - {"filter"}
_OPTIONAL_MACROS = frozenset(("optMap", "optFlatMap"))
_LITERALS: dict[type, Kind] = {Text: STRING, Bytes: BYTES, Bool: BOOL, Null: NULL}
_COMPARED_LITERALS = frozenset((Number, Text, Bytes, Bool))

_NUMBERS = (INT, DECIMAL)
_ORDERED = (BOOL, STRING, BYTES, TIMESTAMP, DURATION, DATE)
_ANY_LIST = Kind(_LIST)
_Results = tuple[tuple[Kind, Kind, Kind], ...]
_MIXED: _Results = tuple((a, b, INT if a is INT and b is INT else DECIMAL) for a, b in product(_NUMBERS, _NUMBERS))
_RESULTS: dict[str, _Results] = {
    "+": (
        *_MIXED,
        (STRING, STRING, STRING),
        (BYTES, BYTES, BYTES),
        (_ANY_LIST, _ANY_LIST, _ANY_LIST),
        (TIMESTAMP, DURATION, TIMESTAMP),
        (DURATION, TIMESTAMP, TIMESTAMP),
        (DURATION, DURATION, DURATION),
    ),
    "-": (
        *_MIXED,
        (TIMESTAMP, TIMESTAMP, DURATION),
        (TIMESTAMP, DURATION, TIMESTAMP),
        (DURATION, DURATION, DURATION),
    ),
    "*": _MIXED,
    "/": tuple((a, b, DECIMAL) for a, b, _ in _MIXED),
    "%": _MIXED,
}
_ORDER: _Results = (*((a, b, BOOL) for a, b, _ in _MIXED), *((kind, kind, BOOL) for kind in _ORDERED))
_RESULTS |= dict.fromkeys(("<", "<=", ">", ">="), _ORDER)


@cache
def _result(operator: str, left: str, right: str) -> Kind | None:
    """What an operator gives for operands of these names: `dyn` where it depends, None where it takes no such."""
    found = {result for a, b, result in _RESULTS[operator] if left in (a.name, "dyn") and right in (b.name, "dyn")}
    if not found:
        return None
    return found.pop() if len(found) == 1 else DYN


class Deducer:
    """Deduces the types of one expression. With `hidden`, there are variables nobody told it of, so that a name may be
    one of them where it looks like that of a type."""

    __slots__ = ("hidden", "loops", "place", "text")

    def __init__(self, text: str, place: Place, *, hidden: bool = False) -> None:
        self.text = text
        self.place = place
        self.hidden = hidden
        self.loops = 0

    def deduce(self, node: Expression, scope: Scope, certain: bool) -> Inferred:
        """The type of a node; `certain` says that it is computed whenever the whole is, and that nothing absorbs it.

        What certainly fails is refused; what may not even be computed is let through as `dyn`."""
        return _LITERALS.get(type(node)) or _DEDUCTIONS[type(node)](self, node, scope, certain)

    def at(self, node: Expression) -> Span:
        return self.place(node.start, node.end)

    def number(self, node: Number, scope: Scope, certain: bool) -> Inferred:
        if node.unit is not None:
            shape.quantity(node, self.place)
            return DURATION
        return INT if node.integer else DECIMAL

    # ------------------------------------------------------------------------------------------- names and parts

    def name(self, node: Name, scope: Scope, certain: bool) -> Inferred:
        name = node.name
        self.check_name(name, node)
        if name in scope and not node.root:
            return scope[name]
        return TYPE if name in NAMED_TYPES and not self.hidden else DYN

    def select(self, node: Select, scope: Scope, certain: bool) -> Inferred:
        self.check_name(node.field, node)
        target = node.target
        its = self.deduce(target, scope, certain)
        # The words of a dotted path may begin with one that is the name of a type by itself.
        if its is TYPE and isinstance(target, Name) and (target.root or target.name not in scope):
            return DYN
        return self.field(its, node, certain)

    def check_name(self, name: str, node: Name | Select) -> None:
        """Names that only Python gives a meaning to are no names here, but in back quotes."""
        if name.startswith("__") and name.endswith("__") and len(name) > 4 and self.text[node.end - 1] != "`":
            at = self.place(node.end - len(name), node.end)
            raise Rejected(say.special_name(name, at, isinstance(node, Select)))

    def field(self, target: Inferred, node: Select, certain: bool) -> Inferred:
        match target.name:
            case "map":
                return Kind(_OPTIONAL, (part(target, 1),)) if node.optional else part(target, 1)
            case "optional_type":
                return Kind(_OPTIONAL, (part(part(target, 0), 1),))
            case "dyn" | "null":
                return DYN
        if certain and not node.optional:
            raise Rejected(say.no_fields(str(target), node.field, self.at(node)))
        return DYN

    def index(self, node: Index, scope: Scope, certain: bool) -> Inferred:
        target = self.deduce(node.target, scope, certain)
        self.deduce(node.key, scope, certain)
        in_optional = target.name == _OPTIONAL
        inside = part(target, 0) if in_optional else target
        found = part(inside, 1 if inside.name == _MAP else 0)
        return Kind(_OPTIONAL, (found,)) if node.optional or in_optional else found

    def list(self, node: ListLiteral, scope: Scope, certain: bool) -> Inferred:
        found: Inferred | None = None
        for item, optional in node.items:
            its = self.deduce(item, scope, certain)
            found = _together(found, part(its, 0) if optional else its)
        return Kind(_LIST, (found or Open(),))

    def map(self, node: MapLiteral, scope: Scope, certain: bool) -> Inferred:
        keys: Inferred | None = None
        values: Inferred | None = None
        for key, _, _ in node.entries:
            keys = _together(keys, self.deduce(key, scope, certain))
        for _, value, optional in node.entries:
            its = self.deduce(value, scope, certain)
            values = _together(values, part(its, 0) if optional else its)
        return map_kind(keys or Open(), values or Open())

    # ------------------------------------------------------------------------------------------------- operators

    def unary(self, node: Unary, scope: Scope, certain: bool) -> Inferred:
        operand = self.deduce(node.operand, scope, certain)
        if operand.name not in (_CONDITIONS if node.operator == "!" else _SIGNED):
            if certain:
                raise Rejected(say.wrong_operand(node.operator, operand, self.at(node)))
            return DYN
        return BOOL if node.operator == "!" else settled(operand)

    def binary(self, node: Binary, scope: Scope, certain: bool) -> Inferred:
        left, right = self.deduce(node.left, scope, certain), self.deduce(node.right, scope, certain)
        if node.operator in ("==", "!="):
            if left is right or not _never_equal(node, left, right):
                return BOOL
            if certain:
                raise Rejected(say.not_comparable(left, right, self.at(node)))
            return DYN
        if node.operator == "in":
            if right.name in _SEARCHED:
                return BOOL
            if certain:
                raise Rejected(say.wrong_operands("in", left, right, self.at(node)))
            return DYN
        return self.combined(node, left, right, node.end, certain)

    def combined(self, node: Binary | Chain, left: Inferred, right: Inferred, end: int, certain: bool) -> Inferred:
        """The result of an operator with two operands, of which the second ends at `end`."""
        result = _result(node.operator, left.name, right.name)
        if result is None:
            if certain:
                raise Rejected(say.wrong_operands(node.operator, left, right, self.place(node.start, end)))
            return DYN
        if result is _ANY_LIST:
            return joined(left, right) if left.name == right.name else DYN
        return result

    def chain(self, node: Chain, scope: Scope, certain: bool) -> Inferred:
        if node.operator in ("&&", "||"):
            return self.logic(node, scope, certain)
        first, *others = node.operands
        total = self.deduce(first, scope, certain)
        for operand in others:
            total = self.combined(node, total, self.deduce(operand, scope, certain), operand.end, certain)
        return total

    def logic(self, node: Chain, scope: Scope, certain: bool) -> Inferred:
        for operand in node.operands:
            if certain and isinstance(operand, (ListLiteral, MapLiteral)):
                its = self.deduce(operand, scope, False)
                raise Rejected(say.wrong_operand(node.operator, its, self.at(operand)))
        found = [self.deduce(operand, scope, False).name for operand in node.operands]
        if certain and _CONDITIONS.isdisjoint(found):
            raise Rejected(say.wrong_operand(node.operator, found[0], self.at(node)))
        return BOOL

    def condition(self, what: str, its: Inferred, node: Expression, certain: bool) -> None:
        """What must be true or false."""
        if certain and its.name not in _CONDITIONS:
            raise Rejected(say.wrong_operand(what, its, self.at(node)))

    def ternary(self, node: Ternary, scope: Scope, certain: bool) -> Inferred:
        self.condition("?:", self.deduce(node.condition, scope, certain), node.condition, certain)
        return joined(self.deduce(node.then, scope, False), self.deduce(node.otherwise, scope, False))

    # ----------------------------------------------------------------------------------------------------- calls

    def call(self, node: Call, scope: Scope, certain: bool) -> Inferred:
        target = node.target
        if target is None:
            if node.name == "has":
                self.deduce(shape.field_asked(node, self.place), scope, False)
                return BOOL
            return self.function(node, node.name, node.arguments, scope, certain, method=False)
        if is_bind(node) and "cel" not in scope:
            variable, value, body = node.arguments
            name = shape.variable_name(variable, self.place)
            return self.deduce(body, {**scope, name: self.deduce(value, scope, False)}, certain)
        qualified = qualified_name(node, scope)
        if qualified is not None:
            return self.function(node, qualified, node.arguments, scope, certain, method=False)
        count = variable_count(node)
        if count:
            return self.macro(node, target, count, scope, certain)
        return self.function(node, node.name, (target, *node.arguments), scope, certain, method=True)

    def macro(self, node: Call, target: Expression, count: int, scope: Scope, certain: bool) -> Inferred:
        is_loop = node.name not in _OPTIONAL_MACROS
        variables = shape.loop_variables(node, count, self.loops if is_loop else 0, self.place)
        over = self.deduce(target, scope, certain)
        its = _turn(over, count) if is_loop else (part(over, 0),)
        inside = {**scope, **dict(zip(variables, its, strict=True))}
        # Where there is a first turn, what it computes is certain; behind a test of its own nothing is.
        turns = certain and _has_turns(target)
        self.loops += is_loop
        first, *others = node.arguments[count:]
        body = test = self.deduce(first, inside, turns)
        for other in others:
            body = self.deduce(other, inside, False)
        self.loops -= is_loop
        if node.name in _TESTING or others:
            self.condition(node.name, test, first, turns)
        if node.name in _MACROS_TO_BOOL:
            return BOOL
        match node.name:
            case "filter" | "sortBy":
                return Kind(_LIST, (inside[variables[0]],))
            case "map" | "transformList":
                return Kind(_LIST, (body,))
            case "transformMap":
                return map_kind(INT if over.name == _LIST else part(over, 0), body)
            case "transformMapEntry":
                return map_kind(part(body, 0), part(body, 1))
            case "optMap":
                return Kind(_OPTIONAL, (body,))
        return Kind(_OPTIONAL, (part(body, 0),))  # optFlatMap

    def function(
        self,
        node: Call,
        name: str,
        arguments: Sequence[Expression],
        scope: Scope,
        certain: bool,
        *,
        method: bool,
    ) -> Inferred:
        lazy = method and name in ("or", "orValue")
        given: list[Inferred] = []
        for argument in arguments:  # a comprehension would be one frame more for each level of nesting
            given.append(self.deduce(argument, scope, certain and not (lazy and given)))
        if lazy and name == "or" and len(given) == 2 and given[1].name != _OPTIONAL:
            given[1] = DYN  # it may never be read
        if name == "round":
            if not method:
                shape.require_mode(node, self.place)
            given[2:] = [STRING] * len(given[2:])
        forms = FORMS.get((name, method))
        if forms is None:
            if certain:
                raise Rejected(say.unknown_function(name, self.at_name(node), _known(method)))
            return DYN
        if name in shape.PATTERNED:
            shape.refuse_pattern(name, arguments, self.place)
        found: Inferred | None = None
        for form in forms:
            its = form.given(given)
            if found is None:
                found = its
            elif its is not None and its is not found and str(its) != str(found):
                found = DYN
        if found is None and certain:
            raise Rejected(say.no_such_form(name, given, _shown(name, method), self.at_name(node)))
        return found or DYN

    def at_name(self, node: Call) -> Span:
        return self.place(node.name_start, node.name_start + len(node.name))


def _known(method: bool) -> list[str]:
    return [name for name, is_method in FORMS if is_method is method]


def _shown(name: str, method: bool) -> list[str]:
    return [f"`{form.shown(name)}`" for form in FUNCTIONS[name].signatures if form.method is method]


def _together(found: Inferred | None, its: Inferred) -> Inferred:
    """The type of the items so far, and of one more."""
    return settled(its) if found is None else joined(found, its)


def _never_equal(node: Binary, left: Inferred, right: Inferred) -> bool:
    """Whether two literals of different types are compared; an int and a decimal may be equal."""
    if type(node.left) not in _COMPARED_LITERALS or type(node.right) not in _COMPARED_LITERALS:
        return False
    return left not in _NUMBERS or right not in _NUMBERS


def _has_turns(target: Expression) -> bool:
    """Whether a loop certainly has a turn: over a literal in which something stands."""
    match target:
        case ListLiteral(items=items):
            return any(not optional for _, optional in items)
        case MapLiteral(entries=entries):
            return any(not optional for _, _, optional in entries)
    return False


def _turn(over: Inferred, count: int) -> tuple[Inferred, ...]:
    """The types of the variables of a loop."""
    if over.name == _LIST:
        return (part(over, 0),) if count == 1 else (INT, part(over, 0))
    if over.name == _MAP:
        return (part(over, 0), part(over, 1))[:count]
    return (DYN,) * count


_DEDUCTIONS: dict[type, Callable[[Deducer, Any, Scope, bool], Inferred]] = {
    Number: Deducer.number,
    Name: Deducer.name,
    Select: Deducer.select,
    Index: Deducer.index,
    Call: Deducer.call,
    Unary: Deducer.unary,
    Binary: Deducer.binary,
    Chain: Deducer.chain,
    Ternary: Deducer.ternary,
    ListLiteral: Deducer.list,
    MapLiteral: Deducer.map,
}
