"""The type checker: turns a syntax tree into the typed core, or says what is wrong at the exact characters.

Checking and translation are one pass: what the checker accepts is what the evaluators run. Optional values are known
by flow typing: inside `has(x) ? ... : ...`, after `has(x) &&` and under a `when: has(x)` the name is plain.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

from policyengine.language.expression import arithmetic, builtins, macros, syntax
from policyengine.language.expression import diagnostics as say
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.expression.names import is_bind
from policyengine.language.expression.scope import Scope, Variable
from policyengine.runtime.functions.kinds import NAMED_TYPES
from policyengine.runtime.program import (
    All,
    Any_,
    Call,
    Column,
    Const,
    Expr,
    Fact,
    Field,
    If,
    Let,
    Local,
    MakeList,
    MakeMap,
    Read,
)
from policyengine.source import Diagnostic, Span
from policyengine.values import types
from policyengine.values.types import UNLIMITED, Type

Place = Callable[[int, int], Span]
"""Where characters of the expression's text stand in the source."""

TIME_UNITS = {
    "d": 86_400_000_000_000,
    "h": 3_600_000_000_000,
    "m": 60_000_000_000,
    "s": 1_000_000_000,
    "ms": 1_000_000,
    "us": 1_000,
    "ns": 1,
}


def check(node: syntax.Expression, scope: Scope, place: Place, expected: Type | None = None) -> Expr:
    """The typed core of an expression; raises Rejected with the one diagnostic that says why there is none."""
    try:
        return Checker(place).expression(node, scope, expected)
    except RecursionError:
        message = "the expression is nested too deeply for the caller's stack"
        at = place(node.start, node.end)
        raise Rejected(say.syntax("nested_too_deeply", message, at, "give parts of it names of their own")) from None


def known_present(node: syntax.Expression, scope: Scope, holds: bool = True) -> frozenset[str]:
    """The presence atoms that follow from a condition being true (or false)."""
    match node:
        case syntax.Call(name="has", target=None, arguments=(argument,)) if holds:
            path = dotted(argument)
            return atoms_of(path, scope) if path else frozenset()
        case syntax.Chain(operator="&&", operands=operands) if holds:
            return frozenset[str]().union(*(known_present(o, scope) for o in operands))
        case syntax.Chain(operator="||", operands=operands) if not holds:
            return frozenset[str]().union(*(known_present(o, scope, False) for o in operands))
        case syntax.Unary(operator="!", operand=operand):
            return known_present(operand, scope, not holds)
    return frozenset()


def is_presence_test(node: syntax.Expression) -> bool:
    """Whether a condition is nothing but `has(...)`, or several of them joined by `&&`."""
    match node:
        case syntax.Call(name="has", target=None):
            return True
        case syntax.Chain(operator="&&", operands=operands):
            return all(is_presence_test(o) for o in operands)
    return False


def leftmost(node: syntax.Expression) -> syntax.Expression | None:
    """The first operand of a sum, a product and their like, None of anything else."""
    match node:
        case syntax.Chain(operator="+" | "*", operands=operands):
            return operands[0]
        case syntax.Binary(operator="-" | "/" | "%", left=left):
            return left
    return None


def dotted(node: syntax.Expression) -> str | None:
    """`a.b.c` as text, or None where the tree is not a plain path."""
    parts: list[str] = []
    while isinstance(node, syntax.Select) and not node.optional:
        parts.append(node.field)
        node = node.target
    if not isinstance(node, syntax.Name):
        return None
    return ".".join([node.name, *reversed(parts)])


def atoms_of(path: str, scope: Scope) -> frozenset[str]:
    """What must be present for a path to be there, its own atom included."""
    if path.split(".")[0] in scope.locals:
        return frozenset({path})
    found: frozenset[str] = frozenset()
    if path in scope.presence:
        found |= {path}
    variable = scope.variables.get(path)
    if variable is not None:
        found |= variable.requires
    parts = path.split(".")
    for length in range(1, len(parts)):
        prefix = ".".join(parts[:length])
        if prefix in scope.presence:
            found |= {prefix}
    return found


class Checker:
    """One expression's check; `place` maps offsets in its text to the source."""

    __slots__ = ("place",)

    def __init__(self, place: Place) -> None:
        self.place = place

    def at(self, node: syntax.Expression) -> Span:
        return self.place(node.start, node.end)

    def expression(self, node: syntax.Expression, scope: Scope, expected: Type | None = None) -> Expr:
        """The typed core of a node; a literal is read as a value of the expected type where it may be."""
        return _NODES[type(node)](self, node, scope, expected)

    # -------------------------------------------------------------------------------------------------- literals

    def _number(self, node: syntax.Number, scope: Scope, expected: Type | None) -> Expr:
        if node.unit is None:
            return arithmetic.number(node.value, integer=node.integer)
        if node.unit in TIME_UNITS and node.unit not in scope.units:
            nanoseconds = node.value * TIME_UNITS[node.unit]
            if nanoseconds.denominator != 1:
                raise Rejected(say.always_fails("a duration has whole nanoseconds", self.at(node)))
            return Const(types.DURATION, nanoseconds.numerator)
        if node.unit not in scope.units and not arithmetic.is_currency(node.unit):
            raise Rejected(say.unknown_unit(node.unit, self.at(node), scope.units | TIME_UNITS.keys()))
        money = arithmetic.is_currency(node.unit)
        return arithmetic.number(node.value, ((node.unit, 1),), integer=node.integer and not money)

    def _text(self, node: syntax.Text, scope: Scope, expected: Type | None) -> Expr:
        if isinstance(expected, types.Enum):
            return self.member(node.value, expected, self.at(node))
        return Const(types.STRING, node.value)

    def _bytes(self, node: syntax.Bytes, scope: Scope, expected: Type | None) -> Expr:
        return Const(types.BYTES, node.value)

    def _bool(self, node: syntax.Bool, scope: Scope, expected: Type | None) -> Expr:
        return Const(types.BOOL, node.value)

    def _null(self, node: syntax.Null, scope: Scope, expected: Type | None) -> Expr:
        hint = "an optional input is tested with `has(x)`"
        raise Rejected(say.not_in_a_bundle("`null`", self.at(node), hint))

    def member(self, value: str, enum: types.Enum, at: Span) -> Expr:
        if value not in enum.members:
            raise Rejected(say.not_a_member(value, enum.members, str(enum), at))
        return Const(enum, value)

    def _list(self, node: syntax.ListLiteral, scope: Scope, expected: Type | None) -> Expr:
        wanted = expected.item if isinstance(expected, types.List) else None
        items = [self._part(item, scope, wanted, is_optional) for item, is_optional in node.items]
        item_type: Type = types.NEVER
        for (written, is_optional), item in zip(node.items, items, strict=True):
            self.no_quotient(item, "a list", written)
            its_type = item.type.item if is_optional and isinstance(item.type, types.Optional) else item.type
            joint = arithmetic.joined_type(item_type, its_type)
            if joint is None:
                raise Rejected(say.items_differ(item_type, its_type, self.at(written)))
            item_type = joint
        made = types.List(item_type, len(items))
        if not any(is_optional for _, is_optional in node.items):
            return MakeList(made, tuple(arithmetic.coerced(item, item_type) for item in items))
        wide = types.Optional(item_type)
        parts = MakeList(types.List(wide, len(items)), tuple(arithmetic.coerced(item, wide) for item in items))
        return Call(made, "present_items", (parts,))

    def _part(self, node: syntax.Expression, scope: Scope, expected: Type | None, is_optional: bool) -> Expr:
        """An item of a list or a value of a map; after `?` stands an optional."""
        return self.optional(node, scope) if is_optional else self.expression(node, scope, expected)

    def _map(self, node: syntax.MapLiteral, scope: Scope, expected: Type | None) -> Expr:
        keys = [self.expression(key, scope) for key, _, _ in node.entries]
        values = [self._part(value, scope, None, is_optional) for _, value, is_optional in node.entries]
        key_type: Type = types.NEVER
        value_type: Type = types.NEVER
        for (written, content, is_optional), key, value in zip(node.entries, keys, values, strict=True):
            self.no_quotient(value, "a map", content)
            joint = arithmetic.joined_type(key_type, key.type)
            if joint is None:
                raise Rejected(say.keys_differ(key_type, key.type, self.at(written)))
            if not self.is_key(joint):
                raise Rejected(say.expected_type("a text, an int or a bool as a key", key.type, self.at(written)))
            its_type = value.type.item if is_optional and isinstance(value.type, types.Optional) else value.type
            both = arithmetic.joined_type(value_type, its_type)
            if both is None:
                raise Rejected(say.values_differ(value_type, its_type, self.at(content)))
            key_type, value_type = joint, both
        made = types.Map(key_type, value_type)
        some = any(is_optional for _, _, is_optional in node.entries)
        held = types.Optional(value_type) if some else value_type
        whole = MakeMap(replace(made, value=held), tuple(keys), tuple(arithmetic.coerced(v, held) for v in values))
        return Call(made, "present_entries", (whole,)) if some else whole

    @staticmethod
    def is_key(a: Type) -> bool:
        return types.is_text(a) or a == types.BOOL or (isinstance(a, types.Number) and a.integer)

    def no_quotient(self, expr: Expr, where: str, node: syntax.Expression) -> None:
        if isinstance(expr.type, types.Quotient):
            raise Rejected(say.quotient_escapes(where, self.at(node)))

    # ----------------------------------------------------------------------------------------------------- names

    def _path(self, node: syntax.Name | syntax.Select, scope: Scope, expected: Type | None) -> Expr:
        path = dotted(node)
        if path is not None:
            found = self._named(path, node, scope)
            if found is not None:
                return found
        if isinstance(node, syntax.Name):
            raise Rejected(self._unknown(node.name, node, scope))
        if node.optional:
            return self._optional_select(node, scope)
        target = self.expression(node.target, scope)
        if isinstance(target.type, types.Optional):  # `a.?b.c`: what follows an optional is one, too
            return self._field_of_maybe(target, node)
        return self.field(target, node, scope)

    def _named(self, path: str, node: syntax.Expression, scope: Scope) -> Expr | None:
        """The meaning of a dotted path: a local variable first, then the longest declared name."""
        parts = path.split(".")
        if parts[0] in scope.locals:
            return None if len(parts) > 1 else scope.locals[parts[0]].expr
        if parts[0] in scope.enums and len(parts) == 2:
            return self.member(parts[1], scope.enums[parts[0]], self.at(node))
        variable = scope.variables.get(path)
        if variable is not None:
            return self.readable(path, variable, node, scope)
        if path in scope.groups:
            raise Rejected(say.is_a_group(path, self.at(node), scope.groups[path]))
        prefixes = [".".join(parts[:n]) for n in range(len(parts) - 1, 0, -1)]
        group = next((p for p in prefixes if p in scope.groups), None)
        shorter = next((p for p in prefixes if p in scope.variables), None)
        if shorter is not None and (group is None or len(shorter) > len(group)):
            return None
        if group is not None:
            known = [f"{group}.{f}" for f in scope.groups[group]]
            raise Rejected(say.unknown_name(path, self.at(node), known))
        if path == UNLIMITED:
            return arithmetic.UNLIMITED_LITERAL
        if path in NAMED_TYPES:
            return Const(types.TYPE, str(NAMED_TYPES[path]))
        raise Rejected(self._unknown(path, node, scope))

    def _unknown(self, path: str, node: syntax.Expression, scope: Scope) -> Diagnostic:
        if path in scope.units:
            return say.bare_unit(path, self.at(node))
        return say.unknown_name(path, self.at(node), [*scope.names(), *scope.groups])

    def readable(self, path: str, variable: Variable, node: syntax.Expression, scope: Scope) -> Expr:
        missing = variable.requires - scope.present
        expr = variable.expr
        if missing:
            raise Rejected(say.may_be_absent(path, self.at(node), min(missing, key=len)))
        if isinstance(expr.type, types.Optional) and variable.requires:
            return unwrapped(expr)
        return expr

    def field(self, target: Expr, node: syntax.Select, scope: Scope) -> Expr:
        if isinstance(target.type, types.Optional):
            raise Rejected(say.may_be_absent(self._label(node.target), self.at(node.target), self._label(node.target)))
        if isinstance(target.type, types.Map) and has_text_keys(target.type):
            key = Const(types.STRING, node.field)
            return Call(target.type.value, "value_of", (target, key), may_fail=True)
        if not isinstance(target.type, types.Record):
            raise Rejected(say.unknown_field(node.field, target.type, self.at(node), []))
        its_type = target.type.field(node.field)
        if its_type is None:
            names = [name for name, _ in target.type.fields]
            raise Rejected(say.unknown_field(node.field, target.type, self.at(node), names))
        expr: Expr = Field(its_type, target, node.field)
        if isinstance(its_type, types.Optional):
            if self._label(node) in scope.present:
                return unwrapped(expr)
            raise Rejected(say.may_be_absent(self._label(node), self.at(node), self._label(node)))
        return expr

    def _label(self, node: syntax.Expression) -> str:
        return dotted(node) or "this value"

    def maybe(self, node: syntax.Expression, scope: Scope) -> Expr:
        """An expression that may be optional here: for `.?`, `orValue` and `has`."""
        path = dotted(node)
        if path is not None and path.split(".")[0] not in scope.locals:
            variable = scope.variables.get(path)
            if variable is not None and variable.requires - scope.present:
                expr = variable.expr
                return expr if isinstance(expr.type, types.Optional) else replace(expr, type=types.Optional(expr.type))
        if isinstance(node, syntax.Select):
            if node.optional:
                return self._optional_select(node, scope)
            target = self.expression(node.target, scope) if dotted(node.target) not in scope.groups else None
            if target is not None and isinstance(target.type, types.Record):
                its_type = target.type.field(node.field)
                if its_type is not None:
                    return Field(its_type, target, node.field)
        return self.expression(node, scope)

    def _optional_select(self, node: syntax.Select, scope: Scope) -> Expr:
        """`a.?b`: an optional that is absent where `a` or its field is."""
        path = dotted(replace(node, optional=False))
        plain = replace(node, optional=False)
        if path is not None and path in scope.variables:
            expr = self.maybe(plain, scope)
        else:
            target = self.maybe(node.target, scope)
            expr = self._field_of_maybe(target, node)
        return expr if isinstance(expr.type, types.Optional) else arithmetic.coerced(expr, types.Optional(expr.type))

    def _field_of_maybe(self, target: Expr, node: syntax.Select) -> Expr:
        inner = target.type.item if isinstance(target.type, types.Optional) else target.type
        if isinstance(inner, types.Map) and has_text_keys(inner):
            return self._entry_of_maybe(target, inner, Const(types.STRING, node.field))
        its_type = inner.field(node.field) if isinstance(inner, types.Record) else None
        if its_type is None:
            known = [n for n, _ in inner.fields] if isinstance(inner, types.Record) else []
            raise Rejected(say.unknown_field(node.field, inner, self.at(node), known))
        if not isinstance(target.type, types.Optional):
            return Field(its_type, target, node.field)
        bare = its_type.item if isinstance(its_type, types.Optional) else its_type
        return Call(types.Optional(bare), "optional_field", (target, Const(types.STRING, node.field)))

    def _entry_of_maybe(self, target: Expr, holder: types.Map, key: Expr) -> Expr:
        """The entry of a map that may be absent itself."""
        made = types.Optional(holder.value)
        if not isinstance(target.type, types.Optional):
            return Call(made, "optional_value", (target, key))
        return self._of_present(target, made, lambda there: Call(made, "optional_value", (there, key)))

    def _of_present(self, target: Expr, made: types.Optional, part: Callable[[Expr], Expr]) -> Expr:
        """What is read of an optional that has a value; nothing of one that has none."""
        assert isinstance(target.type, types.Optional)
        name = "maybe@"
        there = Call(types.BOOL, "is_present", (Local(target.type, name),))
        body = If(made, there, part(Local(target.type.item, name)), Const(made, None))
        return Let(made, name, target, body)

    # ------------------------------------------------------------------------------------------------- operators

    def _unary(self, node: syntax.Unary, scope: Scope, expected: Type | None) -> Expr:
        operand = self.expression(node.operand, scope)
        if node.operator == "-":
            if operand.type == types.DURATION:
                return Call(types.DURATION, "negate", (operand,), may_fail=True)
            return arithmetic.negate(operand, self.at(node))
        return Call(types.BOOL, "not", (self.boolean(operand, "!", node.operand),))

    def boolean(self, expr: Expr, operator: str, node: syntax.Expression) -> Expr:
        if expr.type != types.BOOL:
            raise Rejected(say.wrong_operand(operator, expr.type, self.at(node)))
        return expr

    def _chain(self, node: syntax.Chain, scope: Scope, expected: Type | None) -> Expr:
        return self._logic(node, scope) if node.operator in ("&&", "||") else self._arithmetic(node, scope)

    def _arithmetic(self, node: syntax.Expression, scope: Scope) -> Expr:
        """`+ - * / %` from left to right: a row of hundreds of operators is a loop here, not a recursion."""
        spine: list[syntax.Chain | syntax.Binary] = []
        while (left := leftmost(node)) is not None:
            assert isinstance(node, (syntax.Chain, syntax.Binary))
            spine.append(node)
            node = left
        found = self.expression(node, scope)
        for step in reversed(spine):
            if isinstance(step, syntax.Chain):
                found = self._summed(step, [found, *[self.expression(o, scope) for o in step.operands[1:]]])
            else:
                found = self._operation(step, found, self.expression(step.right, scope))
            found = arithmetic.folded(found)
        return found

    def _summed(self, node: syntax.Chain, operands: list[Expr]) -> Expr:
        if node.operator == "*":
            return self._reduced(node, operands, lambda a, b, at: arithmetic.multiply([a, b], at))
        if all(types.is_text(operand.type) for operand in operands):
            return arithmetic.joined_texts(operands)
        if all(isinstance(operand.type, types.List) for operand in operands):
            return arithmetic.joined_lists(operands, self.at(node))
        return self._reduced(node, operands, self._plus)

    def _reduced(self, node: syntax.Chain, operands: list[Expr], combine: Callable[[Expr, Expr, Span], Expr]) -> Expr:
        total = operands[0]
        for written, operand in zip(node.operands[1:], operands[1:], strict=True):
            total = combine(total, operand, self.place(node.start, written.end))
        return total

    def _plus(self, a: Expr, b: Expr, at: Span) -> Expr:
        if types.is_text(a.type) and types.is_text(b.type):
            return Call(types.STRING, "concat", (a, b))
        if types.is_number(a.type):
            return arithmetic.add([a, b], at)
        match a.type, b.type:
            case (types.TIMESTAMP, types.DURATION) | (types.DURATION, types.TIMESTAMP):
                return Call(types.TIMESTAMP, "add_time", (a, b), may_fail=True)
            case (types.DURATION, types.DURATION):
                return Call(types.DURATION, "add_duration", (a, b), may_fail=True)
            case (types.BYTES, types.BYTES):
                return Call(types.BYTES, "join_bytes", (a, b), may_fail=True)
        return arithmetic.add([a, b], at)

    def _logic(self, node: syntax.Chain, scope: Scope) -> Expr:
        operands: list[Expr] = []
        for written in node.operands:
            operands.append(self.boolean(self.expression(written, scope), node.operator, written))
            scope = scope.knowing(known_present(written, scope, node.operator == "&&"))
        return (All if node.operator == "&&" else Any_)(types.BOOL, tuple(operands))

    def _binary(self, node: syntax.Binary, scope: Scope, expected: Type | None) -> Expr:
        if node.operator in ("==", "!="):
            return self._equality(node, scope)
        if node.operator == "in":
            return self._membership(node, scope)
        if node.operator in arithmetic.COMPARISONS:
            left, right = self.expression(node.left, scope), self.expression(node.right, scope)
            return arithmetic.compare(node.operator, left, right, self.at(node))
        return self._arithmetic(node, scope)

    def _operation(self, node: syntax.Binary, left: Expr, right: Expr) -> Expr:
        at = self.at(node)
        match node.operator:
            case "-":
                return self._minus(left, right, at)
            case "/":
                return arithmetic.divide(left, right, at)
        return arithmetic.truncating("remainder", "%", left, right, at)

    def _minus(self, a: Expr, b: Expr, at: Span) -> Expr:
        match a.type, b.type:
            case (types.TIMESTAMP, types.TIMESTAMP):
                return Call(types.DURATION, "time_between", (a, b), may_fail=True)
            case (types.TIMESTAMP, types.DURATION):
                return Call(types.TIMESTAMP, "subtract_time", (a, b), may_fail=True)
            case (types.DURATION, types.DURATION):
                return Call(types.DURATION, "subtract_duration", (a, b), may_fail=True)
        return arithmetic.subtract(a, b, at)

    def _equality(self, node: syntax.Binary, scope: Scope) -> Expr:
        left, right = self._pair(node.left, node.right, scope)
        equal = self.equal(left, right, self.at(node))
        return equal if node.operator == "==" else Call(types.BOOL, "not", (equal,))

    def _pair(self, a: syntax.Expression, b: syntax.Expression, scope: Scope) -> tuple[Expr, Expr]:
        """Two sides of an equality: a text literal beside an enum must be a member of it."""
        if isinstance(a, syntax.Text):
            right = self.expression(b, scope)
            return self.expression(a, scope, right.type), right
        left = self.expression(a, scope)
        wanted = left.type.item if isinstance(left.type, types.Optional) else left.type
        return left, self.expression(b, scope, wanted)

    def equal(self, a: Expr, b: Expr, at: Span) -> Expr:
        if types.is_number(a.type) and types.is_number(b.type):
            a, b = arithmetic.in_one_unit("==", a, b, at)
            return Call(types.BOOL, "eq", (a, b))
        if isinstance(a.type, types.Limit) or isinstance(b.type, types.Limit):
            a, b = arithmetic.read_unlimited(a, b.type), arithmetic.read_unlimited(b, a.type)
            if types.is_number(a.type) or types.is_number(b.type):
                a, b = arithmetic.as_limits("==", a, b, at)
        if types.is_text(a.type) and types.is_text(b.type):
            if types.are_strangers(a.type, b.type):
                raise Rejected(say.not_comparable(a.type, b.type, at))
            return Call(types.BOOL, "eq", (a, b))
        if types.ANY in (a.type, b.type):
            return Call(types.BOOL, "equals_any", (a, b))
        joint = arithmetic.joined_type(a.type, b.type)
        if joint is None:
            raise Rejected(say.not_comparable(a.type, b.type, at))
        return Call(types.BOOL, "eq", (arithmetic.coerced(a, joint), arithmetic.coerced(b, joint)))

    def _membership(self, node: syntax.Binary, scope: Scope) -> Expr:
        left = self.expression(node.left, scope)
        right = self.expression(node.right, scope, types.List(left.type, 1))
        if isinstance(node.left, syntax.Text) and isinstance(right.type, types.List):
            left = self.expression(node.left, scope, right.type.item)
        self.no_quotient(left, "`in`", node.left)
        if isinstance(right.type, types.Map):
            if arithmetic.joined_type(left.type, right.type.key) is None:
                raise Rejected(say.wrong_operands("in", left.type, right.type, self.at(node)))
            return Call(types.BOOL, "in_map", (left, right))
        if not isinstance(right.type, types.List):
            raise Rejected(say.wrong_operands("in", left.type, right.type, self.at(node)))
        joint = arithmetic.joined_type(left.type, right.type.item)
        if joint is None or types.are_strangers(left.type, right.type.item):
            raise Rejected(say.not_comparable(left.type, right.type.item, self.at(node)))
        items = arithmetic.coerced(right, types.List(joint, right.type.max))
        return Call(types.BOOL, "in_list", (arithmetic.coerced(left, joint), items))

    def _ternary(self, node: syntax.Ternary, scope: Scope, expected: Type | None) -> Expr:
        condition = self.boolean(self.expression(node.condition, scope), "?:", node.condition)
        when_true = scope.knowing(known_present(node.condition, scope))
        when_false = scope.knowing(known_present(node.condition, scope, False))
        then = self.expression(node.then, when_true, expected)
        otherwise = self.expression(node.otherwise, when_false, expected or then.type)
        return arithmetic.choose(condition, then, otherwise, self.at(node))

    def _index(self, node: syntax.Index, scope: Scope, expected: Type | None) -> Expr:
        target = self.maybe(node.target, scope) if node.optional else self.expression(node.target, scope)
        if isinstance(target.type, types.Optional):
            made = target.type.item
            if isinstance(made, (types.List, types.Map)):
                return self._optional_index(node, target, scope)
        wanted = target.type.key if isinstance(target.type, types.Map) else None
        key = self.expression(node.key, scope, wanted)
        match target.type:
            case types.List(item=item) if isinstance(key.type, types.Number) and key.type.integer:
                function = "optional_item" if node.optional else "item"
                result: Type = types.Optional(item) if node.optional else item
                return Call(result, function, (target, key), may_fail=not node.optional)
            case types.Map(key=key_type, value=value) if arithmetic.joined_type(key_type, key.type) is not None:
                function = "optional_value" if node.optional else "value_of"
                result = types.Optional(value) if node.optional else value
                return Call(result, function, (target, key), may_fail=not node.optional)
        raise Rejected(say.wrong_operands("[]", target.type, key.type, self.at(node)))

    def _optional_index(self, node: syntax.Index, target: Expr, scope: Scope) -> Expr:
        """`a.?b[?c]`: an item of a list or a map that may be absent itself."""
        assert isinstance(target.type, types.Optional)
        holder = target.type.item
        key = self.expression(node.key, scope, holder.key if isinstance(holder, types.Map) else None)
        match holder:
            case types.List(item=item) if isinstance(key.type, types.Number) and key.type.integer:
                made, function = types.Optional(item), "optional_item"
            case types.Map(key=key_type, value=value) if arithmetic.joined_type(key_type, key.type) is not None:
                made, function = types.Optional(value), "optional_value"
            case _:
                raise Rejected(say.wrong_operands("[]", holder, key.type, self.at(node)))
        return self._of_present(target, made, lambda there: Call(made, function, (there, key)))

    # ----------------------------------------------------------------------------------------- calls and macros

    def _call(self, node: syntax.Call, scope: Scope, expected: Type | None) -> Expr:
        at = self.place(node.name_start, node.name_start + len(node.name))
        if node.target is None and node.name == "has":
            return self._has(node, scope)
        if is_bind(node) and "cel" not in scope.locals:
            return macros.bind(self, node, scope, expected)
        if node.target is not None and builtins.qualified_name(node, scope) is None:
            macro = macros.MACROS.get((node.name, len(node.arguments)))
            if macro is not None:
                return macro(self, node, scope)
            if node.name in ("or", "orValue") and len(node.arguments) == 1:
                return self._or_value(node, scope)
        elif node.target is None and node.name in scope.callables:
            arguments = tuple(self.expression(a, scope) for a in node.arguments)
            return scope.callables[node.name](arguments, self.at(node))
        return builtins.call(self, node, scope, expected, at)

    def _has(self, node: syntax.Call, scope: Scope) -> Expr:
        if len(node.arguments) != 1:
            raise Rejected(say.wrong_argument_count("has", "one field", len(node.arguments), self.at(node)))
        argument = node.arguments[0]
        path = dotted(argument)
        if path is None:
            if isinstance(argument, syntax.Select):
                return self._is_present(self.maybe(argument, scope), argument)
            raise Rejected(say.has_needs_a_field(self.at(argument)))
        if path.split(".")[0] in scope.locals:
            return self._is_present(self.maybe(argument, scope), argument)
        if path not in scope.variables and path not in scope.presence and path not in scope.groups:
            if isinstance(argument, syntax.Select) and dotted(argument.target) in scope.variables:
                return self._is_present(self.maybe(argument, scope), argument)
            raise Rejected(self._unknown(path, argument, scope))
        atoms = sorted(atoms_of(path, scope))
        if not atoms:
            raise Rejected(say.never_absent(path, self.at(node)))
        tests = tuple(scope.presence[atom] for atom in atoms)
        return tests[0] if len(tests) == 1 else All(types.BOOL, tests)

    def _is_present(self, expr: Expr, node: syntax.Expression) -> Expr:
        if isinstance(expr, Call) and expr.function == "value_of":
            target, key = expr.arguments
            return Call(types.BOOL, "in_map", (key, target))
        if not isinstance(expr.type, types.Optional):
            raise Rejected(say.never_absent(self._label(node), self.at(node)))
        return Call(types.BOOL, "is_present", (expr,))

    def optional(self, node: syntax.Expression, scope: Scope) -> Expr:
        """An expression that must be optional here."""
        found = self.maybe(node, scope)
        if not isinstance(found.type, types.Optional):
            raise Rejected(say.never_absent(self._label(node), self.at(node)))
        return found

    def _or_value(self, node: syntax.Call, scope: Scope) -> Expr:
        """`a.orValue(b)` and `a.or(b)`: b is read only where a has no value."""
        assert node.target is not None
        target = self.optional(node.target, scope)
        assert isinstance(target.type, types.Optional)
        item = target.type.item
        if node.name == "or":
            fallback = self.optional(node.arguments[0], scope)
            item = target.type
        else:
            fallback = self.expression(node.arguments[0], scope, item)
        if isinstance(item, (types.Number, types.Quotient)):
            fallback = arithmetic.with_unit(fallback, item.unit)
        fallback = arithmetic.read_unlimited(fallback, item)
        joint = arithmetic.joined_type(item, fallback.type)
        if joint is None:
            raise Rejected(say.branches_differ(item, fallback.type, self.at(node)))
        wide = joint if node.name == "or" else types.Optional(joint)
        target, fallback = arithmetic.coerced(target, wide), arithmetic.coerced(fallback, joint)
        if node.name == "orValue" and (isinstance(fallback, Const) or isinstance(joint, types.Quotient)):
            return Call(joint, "or_value", (target, fallback))
        name = f"or@{node.start}"
        there = Call(types.BOOL, "is_present", (Local(wide, name),))
        return Let(joint, name, target, If(joint, there, Local(joint, name), fallback))

    def known_present(self, node: syntax.Expression, scope: Scope) -> frozenset[str]:
        """What follows from a condition, for macros."""
        return known_present(node, scope)


_NODES: dict[type, Callable[[Checker, Any, Scope, Type | None], Expr]] = {
    syntax.Number: Checker._number,
    syntax.Text: Checker._text,
    syntax.Bytes: Checker._bytes,
    syntax.Bool: Checker._bool,
    syntax.Null: Checker._null,
    syntax.Name: Checker._path,
    syntax.Select: Checker._path,
    syntax.Index: Checker._index,
    syntax.Call: Checker._call,
    syntax.Unary: Checker._unary,
    syntax.Binary: Checker._binary,
    syntax.Chain: Checker._chain,
    syntax.Ternary: Checker._ternary,
    syntax.ListLiteral: Checker._list,
    syntax.MapLiteral: Checker._map,
}


def has_text_keys(a: types.Map) -> bool:
    return types.is_text(a.key) or a.key == types.NEVER


def unwrapped(expr: Expr) -> Expr:
    """An optional that is known to be present, as a plain value."""
    assert isinstance(expr.type, types.Optional)
    if isinstance(expr, (Fact, Read, Local, Field, Column)):
        return replace(expr, type=expr.type.item)
    return Call(expr.type.item, "present", (expr,))


def exact(value: Fraction) -> Expr:
    return arithmetic.number(value)
