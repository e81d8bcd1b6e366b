"""Types that follow from an expression alone: for the name of its type, and for mistakes that need no facts to be seen.

What is not known is `dyn`, which fits everywhere. So a type that is not `dyn` is certain, and where an operation that
is certainly computed does not take the types of its operands, the expression can only fail: that is said before it
runs. What stands under `&&`, `||`, a choice or a loop may never be computed, or be absorbed; it is left alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

from policyengine.language.expression import diagnostics as say
from policyengine.language.expression import syntax
from policyengine.language.expression.check import Place
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.expression.dynamic.calls import qualified_name
from policyengine.language.expression.dynamic.inferred import (
    BOOL,
    BYTES,
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
    named,
    part,
    settled,
)
from policyengine.language.expression.dynamic.step import path_of
from policyengine.language.expression.names import bound_variables, is_bind
from policyengine.runtime.functions import FUNCTIONS, Function, Signature
from policyengine.runtime.functions.function import NUMBER, OPEN
from policyengine.runtime.functions.kinds import NAMED_TYPES
from policyengine.source import Diagnostic, Span
from policyengine.values import types

Scope = Mapping[str, Inferred]

_NUMBERS = (INT, DECIMAL)
_ORDERED = (BOOL, STRING, BYTES, TIMESTAMP, DURATION, Kind("date"))
_LIST, _MAP = "list", "map"
_TESTING = frozenset(("all", "exists", "exists_one", "existsOne", "filter"))
_MACROS_TO_BOOL = _TESTING - {"filter"}

_MIXED = tuple(
    (a.name, b.name, (INT if a is INT and b is INT else DECIMAL).name) for a, b in product(_NUMBERS, _NUMBERS)
)
_FORMS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "+": (
        *_MIXED,
        ("string", "string", "string"),
        ("bytes", "bytes", "bytes"),
        ("list", "list", "list"),
        ("timestamp", "duration", "timestamp"),
        ("duration", "timestamp", "timestamp"),
        ("duration", "duration", "duration"),
    ),
    "-": (
        *_MIXED,
        ("timestamp", "timestamp", "duration"),
        ("timestamp", "duration", "timestamp"),
        ("duration", "duration", "duration"),
    ),
    "*": _MIXED,
    "/": tuple((a, b, "decimal") for a, b, _ in _MIXED),
    "%": _MIXED,
}
_COMPARED = (*((a, b, "bool") for a, b, _ in _MIXED), *((k.name, k.name, "bool") for k in _ORDERED))
_FORMS |= dict.fromkeys(("<", "<=", ">", ">="), _COMPARED)


class Deducer:
    """Deduces the types of one expression. `declared` are names of known types; with `hidden`, there are others, too,
    so that a name may be a variable where it looks like that of a type."""

    def __init__(self, text: str, place: Place, declared: Scope, *, hidden: bool = False) -> None:
        self.text = text
        self.place = place
        self.declared = declared
        self.hidden = hidden

    def deduce(self, node: syntax.Expression, scope: Scope, certain: bool) -> Inferred:
        """The type of a node; `certain` says that it is computed whenever the whole is, and that nothing absorbs it."""
        match node:
            case syntax.Number(unit=unit, integer=integer):
                return DURATION if unit is not None else INT if integer else DECIMAL
            case syntax.Text():
                return STRING
            case syntax.Bytes():
                return BYTES
            case syntax.Bool():
                return BOOL
            case syntax.Null():
                return NULL
            case syntax.Name() | syntax.Select():
                return self.path(node, scope, certain)
            case syntax.Index():
                return self.index(node, scope, certain)
            case syntax.Call():
                return self.call(node, scope, certain)
            case syntax.Unary():
                return self.unary(node, scope, certain)
            case syntax.Binary():
                return self.binary(node, scope, certain)
            case syntax.Chain():
                return self.chain(node, scope, certain)
            case syntax.Ternary():
                return self.ternary(node, scope, certain)
            case syntax.ListLiteral():
                return Kind(
                    _LIST, (self.together([i for i, _ in node.items], [o for _, o in node.items], scope, certain),)
                )
            case syntax.MapLiteral():
                return self.map(node, scope, certain)

    def refuse(self, diagnostic: Diagnostic, certain: bool) -> Inferred:
        """What certainly fails is said; what may not even be computed is let through."""
        if certain:
            raise Rejected(diagnostic)
        return DYN

    # ------------------------------------------------------------------------------------------- names and parts

    def path(self, node: syntax.Name | syntax.Select, scope: Scope, certain: bool) -> Inferred:
        self.check_name(node)
        words = path_of(node)
        if words is None or (not words[0] and words[1][0] in scope):
            if isinstance(node, syntax.Name):
                return scope[node.name]
            return self.field(self.deduce(node.target, scope, certain), node, certain)
        whole = ".".join(words[1])
        if whole in self.declared:
            return self.declared[whole]
        if isinstance(node, syntax.Select):
            return self.field(self.path_above(node.target, scope), node, certain)
        return TYPE if whole in NAMED_TYPES and not self.hidden else DYN

    def path_above(self, node: syntax.Expression, scope: Scope) -> Inferred:
        """The type of the beginning of a path; names of types may be such beginnings too."""
        assert isinstance(node, syntax.Name | syntax.Select)
        found = self.path(node, scope, False)
        return DYN if found == TYPE else found

    def check_name(self, node: syntax.Name | syntax.Select) -> None:
        """Names that only Python gives a meaning to are no names here, but in back quotes."""
        name = node.name if isinstance(node, syntax.Name) else node.field
        quoted = self.text[node.end - 1 : node.end] == "`"
        if name.startswith("__") and name.endswith("__") and len(name) > 4 and not quoted:
            at = self.place(node.end - len(name), node.end)
            raise Rejected(say.special_name(name, at, isinstance(node, syntax.Select)))

    def field(self, target: Inferred, node: syntax.Select, certain: bool) -> Inferred:
        match named(target):
            case "map":
                return Kind("optional_type", (part(target, 1),)) if node.optional else part(target, 1)
            case "optional_type":
                return Kind("optional_type", (part(part(target, 0), 1),))
            case "dyn" | "null":
                return DYN
        if node.optional:
            return DYN
        return self.refuse(say.no_fields(str(target), node.field, self.place(node.start, node.end)), certain)

    def index(self, node: syntax.Index, scope: Scope, certain: bool) -> Inferred:
        target = self.deduce(node.target, scope, certain)
        self.deduce(node.key, scope, certain)
        inside = part(target, 0) if named(target) == "optional_type" else target
        found = part(inside, 1) if named(inside) == _MAP else part(inside, 0)
        wrapped = node.optional or named(target) == "optional_type"
        return Kind("optional_type", (found,)) if wrapped else found

    def together(
        self, nodes: Sequence[syntax.Expression], optional: Sequence[bool], scope: Scope, certain: bool
    ) -> Inferred:
        """The one type of several values."""
        found: Inferred = Open()
        for node, is_optional in zip(nodes, optional, strict=True):
            its = self.deduce(node, scope, certain)
            found = joined(found, part(its, 0) if is_optional else its)
        return found

    def map(self, node: syntax.MapLiteral, scope: Scope, certain: bool) -> Inferred:
        plain = [False] * len(node.entries)
        keys = self.together([key for key, _, _ in node.entries], plain, scope, certain)
        values = self.together([v for _, v, _ in node.entries], [o for _, _, o in node.entries], scope, certain)
        return map_kind(keys, values)

    # ------------------------------------------------------------------------------------------------- operators

    def unary(self, node: syntax.Unary, scope: Scope, certain: bool) -> Inferred:
        operand = self.deduce(node.operand, scope, certain)
        allowed = ("bool", "dyn") if node.operator == "!" else ("int", "decimal", "duration", "dyn")
        if named(operand) not in allowed:
            at = self.place(node.start, node.end)
            return self.refuse(say.wrong_operand(node.operator, operand, at), certain)
        return BOOL if node.operator == "!" else settled(operand)

    def binary(self, node: syntax.Binary, scope: Scope, certain: bool) -> Inferred:
        left, right = self.deduce(node.left, scope, certain), self.deduce(node.right, scope, certain)
        at = self.place(node.start, node.end)
        if node.operator in ("==", "!="):
            if _are_literals(node.left, node.right) and left != right and not {left, right} <= set(_NUMBERS):
                return self.refuse(say.not_comparable(left, right, at), certain)
            return BOOL
        if node.operator == "in":
            if named(right) not in (_LIST, _MAP, "dyn"):
                return self.refuse(say.wrong_operands("in", left, right, at), certain)
            return BOOL
        return self.combined(node.operator, left, right, at, certain)

    def combined(self, operator: str, left: Inferred, right: Inferred, at: Span, certain: bool) -> Inferred:
        """The result of an operator with two operands."""
        a, b = named(left), named(right)
        results = {r for x, y, r in _FORMS[operator] if a in (x, "dyn") and b in (y, "dyn")}
        if not results:
            return self.refuse(say.wrong_operands(operator, left, right, at), certain)
        if results == {_LIST}:
            return joined(left, right) if a == b else DYN
        return Kind(results.pop()) if len(results) == 1 else DYN

    def chain(self, node: syntax.Chain, scope: Scope, certain: bool) -> Inferred:
        if node.operator in ("&&", "||"):
            for operand in node.operands:
                if isinstance(operand, syntax.ListLiteral | syntax.MapLiteral):
                    at = self.place(operand.start, operand.end)
                    self.refuse(say.wrong_operand(node.operator, self.deduce(operand, scope, False), at), certain)
            found = [named(self.deduce(operand, scope, False)) for operand in node.operands]
            if not any(name in ("bool", "dyn") for name in found):
                at = self.place(node.start, node.end)
                self.refuse(say.wrong_operand(node.operator, found[0], at), certain)
            return BOOL
        total = self.deduce(node.operands[0], scope, certain)
        for operand in node.operands[1:]:
            its = self.deduce(operand, scope, certain)
            total = self.combined(node.operator, total, its, self.place(node.start, operand.end), certain)
        return total

    def condition(self, what: str, its: Inferred, node: syntax.Expression, certain: bool) -> None:
        """What must be true or false."""
        if named(its) not in ("bool", "dyn"):
            self.refuse(say.wrong_operand(what, its, self.place(node.start, node.end)), certain)

    def ternary(self, node: syntax.Ternary, scope: Scope, certain: bool) -> Inferred:
        self.condition("?:", self.deduce(node.condition, scope, certain), node.condition, certain)
        return joined(self.deduce(node.then, scope, False), self.deduce(node.otherwise, scope, False))

    # ----------------------------------------------------------------------------------------------------- calls

    def call(self, node: syntax.Call, scope: Scope, certain: bool) -> Inferred:
        variables = bound_variables(node)
        if is_bind(node) and variables:
            value = self.deduce(node.arguments[1], scope, False)
            return self.deduce(node.arguments[2], {**scope, variables[0]: value}, certain)
        if node.target is None:
            if node.name == "has":
                self.deduce(node.arguments[0], scope, False)
                return BOOL
            return self.function(node, node.name, node.arguments, scope, certain, method=False)
        qualified = qualified_name(node, dict.fromkeys(scope, 0))
        if qualified is not None:
            return self.function(node, qualified, node.arguments, scope, certain, method=False)
        if variables:
            return self.macro(node, variables, scope, certain)
        written = (node.target, *node.arguments)
        return self.function(node, node.name, written, scope, certain, method=True)

    def macro(self, node: syntax.Call, variables: tuple[str, ...], scope: Scope, certain: bool) -> Inferred:
        assert node.target is not None
        over = self.deduce(node.target, scope, certain)
        inside = {**scope, **dict(zip(variables, _turn(over, len(variables)), strict=True))}
        if node.name in ("optMap", "optFlatMap"):
            inside = {**scope, variables[0]: part(over, 0)}
        # Where there is a first turn, what it computes is certain; behind a test of its own nothing is.
        turns = certain and _has_turns(node.target)
        first, *others = node.arguments[len(variables) :]
        bodies = [self.deduce(first, inside, turns), *(self.deduce(other, inside, False) for other in others)]
        if node.name in _TESTING or others:
            self.condition(node.name, bodies[0], first, turns)
        if node.name in _MACROS_TO_BOOL:
            return BOOL
        match node.name:
            case "filter" | "sortBy":
                return Kind(_LIST, (inside[variables[0]],))
            case "map" | "transformList":
                return Kind(_LIST, (bodies[-1],))
            case "transformMap":
                key = INT if named(over) == _LIST else part(over, 0)
                return map_kind(key, bodies[-1])
            case "transformMapEntry":
                return map_kind(part(bodies[-1], 0), part(bodies[-1], 1))
            case "optMap":
                return Kind("optional_type", (bodies[-1],))
        return Kind("optional_type", (part(bodies[-1], 0),))  # optFlatMap

    def function(
        self,
        node: syntax.Call,
        name: str,
        arguments: Sequence[syntax.Expression],
        scope: Scope,
        certain: bool,
        *,
        method: bool,
    ) -> Inferred:
        at = self.place(node.name_start, node.name_start + len(node.name))
        lazy = name in ("or", "orValue") and method
        given: list[Inferred] = []
        for argument in arguments:  # a comprehension would be one frame more for each level of nesting
            given.append(self.deduce(argument, scope, certain and not (lazy and given)))
        if name == "or" and method and len(given) == 2 and named(given[1]) != "optional_type":
            given[1] = DYN  # it may never be read
        function = FUNCTIONS.get(name)
        forms = [form for form in function.signatures if form.method is method] if function else []
        if not forms:
            return self.refuse(say.unknown_function(name, at, _known(method)), certain)
        if name == "round":
            given[2:] = [STRING] * len(given[2:])
        assert function is not None
        results = [result for form in forms if (result := _result(form, given)) is not None]
        if not results:
            return self.refuse(say.no_such_form(name, given, _shown(function, forms), at), certain)
        found = results[0]
        for other in results[1:]:
            found = found if str(found) == str(other) else DYN
        return found


def _known(method: bool) -> list[str]:
    return [f.name for f in FUNCTIONS.values() if any(form.method is method for form in f.signatures)]


def _shown(function: Function, forms: Sequence[Signature]) -> list[str]:
    return [f"`{form.shown(function.name)}`" for form in forms]


def _are_literals(*nodes: syntax.Expression) -> bool:
    return all(isinstance(n, syntax.Number | syntax.Text | syntax.Bytes | syntax.Bool) for n in nodes)


def _has_turns(target: syntax.Expression) -> bool:
    """Whether a loop certainly has a turn: over a literal in which something stands."""
    match target:
        case syntax.ListLiteral(items=items):
            return any(not optional for _, optional in items)
        case syntax.MapLiteral(entries=entries):
            return any(not optional for _, _, optional in entries)
    return False


def _turn(over: Inferred, count: int) -> tuple[Inferred, ...]:
    """The types of the variables of a loop."""
    if named(over) == _LIST:
        return (part(over, 0),) if count == 1 else (INT, part(over, 0))
    if named(over) == _MAP:
        return (part(over, 0), part(over, 1))[:count]
    return (DYN,) * count


def _result(form: Signature, given: Sequence[Inferred]) -> Inferred | None:
    """What a form gives for arguments of these types; None where it does not take them."""
    count = len(form.parameters)
    if len(given) < count or (len(given) > count and not form.repeats):
        return None
    wanted = [*form.parameters, *[form.parameters[-1:][0]] * (len(given) - count)] if count else []
    bindings: dict[types.Type, Inferred] = {}
    for parameter, its in zip(wanted, given, strict=True):
        if not _takes(parameter, its, bindings):
            return None
    return _made(form.result, bindings)


def _takes(parameter: types.Type, given: Inferred, bindings: dict[types.Type, Inferred]) -> bool:
    """Whether an argument may be of a parameter's type. What is inside lists and maps is never certain enough."""
    if parameter in OPEN:
        bindings[parameter] = joined(bindings.get(parameter, Open()), given)
        return True
    name = named(given)
    if parameter == types.DYN or name == "dyn":
        return True
    if parameter == NUMBER:
        return name in ("int", "decimal")
    wanted = _kind_of(parameter)
    for i, inner in enumerate(wanted[1]):
        if name == wanted[0]:
            _takes(inner, part(given, i), bindings)
    return name == wanted[0]


def _kind_of(a: types.Type) -> tuple[str, tuple[types.Type, ...]]:
    match a:
        case types.List(item=item):
            return _LIST, (item,)
        case types.Map(key=key, value=value):
            return _MAP, (key, value)
        case types.Optional(item=item):
            return "optional_type", (item,)
    return str(a), ()


def _made(a: types.Type, bindings: Mapping[types.Type, Inferred]) -> Inferred:
    """The result of a form, with what its open types turned out to be."""
    if a in OPEN:
        return bindings.get(a, Open())
    if a == NUMBER:
        return DYN
    name, parts = _kind_of(a)
    made = tuple(_made(each, bindings) for each in parts)
    return map_kind(*made) if name == _MAP else Kind(name, made)
