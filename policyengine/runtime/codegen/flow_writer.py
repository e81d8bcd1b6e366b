"""Writing branches and loops: conditions, `&&` and `||`, names for values, and repetition with carried state."""

from __future__ import annotations

from collections.abc import Sequence

from policyengine.runtime.codegen.program_writer import ProgramWriter
from policyengine.runtime.codegen.writer import Val, is_pair
from policyengine.runtime.program import Call, Expr, Fold, If, Let, collected
from policyengine.values import types
from policyengine.values.types import Number


class FlowWriter(ProgramWriter):
    """Writes what decides which code runs, and how often."""

    def _if(self, expr: If) -> Val:
        condition = self.emit(expr.condition)
        if condition.fails:
            condition = self.stored(condition)
        name = self.fresh()
        before = dict(self.memo)
        lines, self.lines = self.lines, []
        self.indent += 1
        then = self.emit(expr.then)
        then_lines, self.lines = self.lines, []
        self.memo = dict(before)
        otherwise = self.emit(expr.otherwise)
        other_lines, self.lines = self.lines, lines
        self.memo = before
        self.indent -= 1
        fails = condition.fails or then.fails or otherwise.fails
        pair = is_pair(expr.type)
        if not then_lines and not other_lines and not condition.fails and not pair:
            code = f"({then.code} if {condition.code} else {otherwise.code})"
            v = Val(code, expr.type, fails, "", 1 + max(then.depth, otherwise.depth, condition.depth))
            return self.stored(v) if fails else v
        if condition.fails:
            self.line(f"if {condition.code}.__class__ is F: {name} = {condition.code}" + (f"; {name}d = 1" * pair))
            self.line(f"elif {condition.code}:")
        else:
            self.line(f"if {condition.code}:")
        for branch_lines, v, opening in ((then_lines, then, ""), (other_lines, otherwise, "else:")):
            if opening:
                self.line(opening)
            self.lines += branch_lines
            self.indent += 1
            if pair:
                self.assign(name, (v.code, v.below or str(v.type.den if isinstance(v.type, Number) else 1)))
            else:
                self.line(f"{name} = {v.code}")
            self.indent -= 1
        return Val(name, expr.type, fails, name + "d" if pair else "")

    def _logic(self, operands: Sequence[Expr], decides: bool) -> Val:
        """`&&` and `||`: a deciding operand wins over failures on both of its sides."""
        word = " or " if decides else " and "
        before = dict(self.memo)
        lines = self.lines
        blocks: list[tuple[list[str], Val]] = []
        self.indent += 1
        for position, operand in enumerate(operands):
            self.lines = []
            if position == 0:
                self.indent -= 1
            v = self.emit(operand)
            if position == 0:
                self.indent += 1
                before = dict(self.memo)
            blocks.append((self.lines, v))
            self.memo = dict(before)
        self.lines = lines
        self.indent -= 1
        self.lines += blocks[0][0]
        if not any(v.fails for _, v in blocks) and not any(b for b, _ in blocks[1:]):
            depth = 1 + max(v.depth for _, v in blocks)
            return Val("(" + word.join(v.code for _, v in blocks) + ")", types.BOOL, False, "", depth)
        name = self.fresh()
        self.line(f"{name} = {blocks[0][1].code}")
        for block, v in blocks[1:]:
            self.line(f"if {name} is not {decides}:")
            self.lines += block
            self.indent += 1
            value = v.code
            if not v.atom:
                value = self.fresh()
                self.line(f"{value} = {v.code}")
            self.line(f"if {value} is {decides}: {name} = {decides}")
            self.line(f"elif {name} is {not decides}: {name} = {value}")
            self.indent -= 1
        return Val(name, types.BOOL, any(v.fails for _, v in blocks))

    def _let(self, expr: Let) -> Val:
        value = self.stored(self.emit(expr.value))
        outer, memo = self.locals, dict(self.memo)
        self.locals = {**outer, expr.name: value}
        body = self.stored(self.emit(expr.body))
        self.locals, self.memo = outer, memo
        return body

    # ----------------------------------------------------------------------------------------------------- loops

    def _fold(self, expr: Fold) -> Val:
        over = self.stored(self.emit(expr.over))
        name = self.fresh()
        collecting = collected(expr) is not None
        if over.fails:
            self.line(f"if {over.code}.__class__ is F: {name} = {over.code}")
            self.line("else:")
            self.indent += 1
        outer, memo = self.locals, dict(self.memo)
        if self.metered and expr.cost:
            self.line(f"m.charge({expr.cost} * len({over.code}))")
        fails = self._loop(expr, over, name, collecting)
        self.locals, self.memo = outer, memo
        if over.fails:
            self.indent -= 1
        return Val(name, expr.type, fails or over.fails)

    def _loop(self, expr: Fold, over: Val, name: str, collecting: bool) -> bool:
        item = self.fresh()
        assert isinstance(over.type, types.List)
        states = [self.fresh() for _ in expr.state]
        starts = [self.emit(s) for s in expr.starts]
        fails_before = [expr.absorb or start.fails for start in starts]  # a start may have failed before any turn
        may_start_failed = any(s.fails for s in starts)
        for state, start in zip(states, starts, strict=True):
            self.line(f"{state} = " + ("[]" if collecting else start.code))
        failed = self.fresh()
        self.line(f"{failed} = None")
        bound = {expr.item, expr.index, *expr.state}
        self.memo = {n: v for n, v in self.memo.items() if bound.isdisjoint(self.numbering.variables[n])}
        self.locals = {**self.locals, expr.item: Val(item, over.type.item)}
        for own, state, its, fails in zip(expr.state, states, expr.starts, fails_before, strict=True):
            self.locals[own] = Val(state, its.type, fails)
        head = f"for {item} in {over.code}:"
        if expr.index:
            position = self.fresh()
            self.locals[expr.index] = Val(position, types.integer(0, over.type.max))
            head = f"for {position}, {item} in enumerate({over.code}):"
        self.line(head)
        before = dict(self.memo)
        self.indent += 1
        self.loops += 1
        loop_fails = self._step(expr, states, failed, collecting)
        self.loops -= 1
        self.indent -= 1
        self.memo = before
        fails_after = [start.fails or (expr.absorb and loop_fails) for start in starts]
        for own, state, its, fails in zip(expr.state, states, expr.starts, fails_after, strict=True):
            self.locals[own] = Val(state, its.type, fails)
        return self._after(expr, states, failed, name, collecting, loop_fails or may_start_failed)

    def _step(self, expr: Fold, states: list[str], failed: str, collecting: bool) -> bool:
        if expr.stop is not None:
            stop = self.stored(self.emit(expr.stop))
            self.line(f"if {stop.code} is True: break")
        if collecting:
            return self._collect(expr, states[0], failed)
        values = [self.stored(self.emit(step)) for step in expr.steps]
        fails = any(v.fails for v in values)
        if not expr.absorb:
            for v in values:
                if v.fails:
                    self.line(f"if {v.code}.__class__ is F:")
                    self.line(f" {failed} = {v.code}")
                    self.line(" break")
        targets, sources = ", ".join(states), ", ".join(v.code for v in values)
        if states:
            self.line(f"{targets} = {sources}")
        return fails

    def _collect(self, expr: Fold, state: str, failed: str) -> bool:
        """`map` and `filter` append to a Python list instead of copying a tuple for each item."""
        step = expr.steps[0]
        fails = False
        depth = 0
        while isinstance(step, If):
            condition = self.emit(step.condition)
            if condition.fails:
                condition = self.stored(condition)
                fails = True
                self._break_on(condition.code, failed)
            self.line(f"if {condition.code}:")
            self.indent += 1
            depth += 1
            step = step.then
        assert isinstance(step, Call)
        value = self.emit(step.arguments[1])
        if value.fails:
            value = self.stored(value)
            fails = True
            self._break_on(value.code, failed)
        self.line(f"{state}.append({value.code})")
        self.indent -= depth
        return fails

    def _break_on(self, code: str, failed: str) -> None:
        self.line(f"if {code}.__class__ is F:")
        self.line(f" {failed} = {code}")
        self.line(" break")

    def _after(self, expr: Fold, states: list[str], failed: str, name: str, collecting: bool, loop_fails: bool) -> bool:
        if collecting:
            self.line(f"{name} = tuple({states[0]}) if {failed} is None else {failed}")
            return loop_fails
        self.line(f"if {failed} is None:")
        self.indent += 1
        result = self.emit(expr.result)
        self.line(f"{name} = {result.code}")
        self.indent -= 1
        self.line(f"else: {name} = {failed}")
        return loop_fails or result.fails
