"""A metered entitlement: may so much be used now, what stops it, and what is there afterwards.

The headroom is what is included plus what may be used beyond it, and no more than any window leaves. A request is
granted as a whole or not at all (`refuse`), as far as it fits (`clamp`), or as a whole since it has happened
(`overflow`): then only a spend limit holds. It is drawn from what is included first. Access needs something to be left:
at equality the entitlement is exhausted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from policyengine.compiler import diagnostics as say
from policyengine.compiler.lower.context import Context
from policyengine.compiler.lower.entitlements import alerts, guarded, overage, pool, quantities, resets, windows
from policyengine.compiler.lower.entitlements.overage import LIMIT_TYPES, Bounds
from policyengine.compiler.lower.entitlements.pool import Pool
from policyengine.compiler.lower.entitlements.resets import Stretch
from policyengine.compiler.lower.entitlements.windows import Counter
from policyengine.language.entitlements import Entitlement
from policyengine.language.expression import arithmetic
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.expression.scope import Scope
from policyengine.runtime.program import All, Call, Const, Expr, If
from policyengine.values import types

NO_LIMIT = Const(types.Optional(LIMIT_TYPES), None)
NO_TEXT = Const(types.Optional(types.STRING), None)
NO_TIME = Const(types.Optional(types.TIMESTAMP), None)


def lower(context: Context, part: Entitlement, scope: Scope, attached: Expr | None) -> dict[str, Expr]:
    """The fields of the answer, by name."""

    def keep(field: str, expr: Expr) -> Expr:
        return guarded.kept(context, part, attached, field, expr)

    period = None if part.reset is None else resets.period(context, part.reset, scope)
    held = pool.pool(context, part, scope, period)
    held = replace(
        held,
        left=keep("left", held.left),
        granted=keep("included", held.granted),
        used=keep("used_before", held.used),
        overage=keep("overage_before", held.overage),
    )
    asked = part.requested
    requested = None if asked is None else quantities.number(context, asked, scope, held.unit, "requested")
    if requested is not None:
        requested = keep("requested", requested)
    bounds = overage.bounds(context, part, scope, held.step, held.granted, held.overage)
    bounds = Bounds(
        keep("beyond", bounds.headroom),
        None if bounds.spend is None else keep("spend_left", bounds.spend),
        keep("stop", bounds.stop),
    )
    counters = windows.counters(context, part, scope, held.unit, requested, keep)
    excess = _excess(context, part, scope)
    request = _Request(context, part, held, bounds, counters, attached, requested, period, excess)
    return request.answer(scope)


WORDS = ("refuse", "clamp", "overflow")


def _excess(context: Context, part: Entitlement, scope: Scope) -> dict[str, Expr | bool]:
    """For each word of `on_excess` whether it holds: known now, or said by an input."""
    if part.on_excess is None:
        return {word: word == "refuse" for word in WORDS}
    if part.requested is None:
        raise Rejected(say.needs_requested(part.at))
    text = part.on_excess.scalar.text.strip()
    if text in WORDS:
        return {word: word == text for word in WORDS}
    expr = context.expression(part.on_excess, scope)
    if not isinstance(expr.type, types.Enum) or not set(expr.type.members) <= set(WORDS):
        raise Rejected(say.not_an_excess(WORDS, part.on_excess.span))
    if len(expr.type.members) == 1:
        return {word: word == expr.type.members[0] for word in WORDS}
    return {
        word: word in expr.type.members and Call(types.BOOL, "eq", (expr, Const(expr.type, word))) for word in WORDS
    }


class _Request:
    """One request and everything that bounds it."""

    def __init__(
        self,
        context: Context,
        part: Entitlement,
        held: Pool,
        bounds: Bounds,
        counters: tuple[Counter, ...],
        attached: Expr | None,
        requested: Expr | None,
        period: Stretch | None,
        excess: dict[str, Expr | bool],
    ) -> None:
        self.context, self.part, self.held, self.bounds = context, part, held, bounds
        self.counters, self.attached, self.period = counters, attached, period
        self.at = part.at
        self.excess = excess
        self.requested = requested
        self.headroom = self._node("headroom", quantities.more(held.left, bounds.headroom))
        self.fits = self._node("fits", self._fits())
        self.granted = self._node("granted", self._granted())
        self.included = quantities.within(self.granted, held.left)
        self.beyond = quantities.minus(self.granted, self.included, self.at)
        taken = self._is_taken()
        self.counted = [counter.counted(requested, self.granted, taken) for counter in counters]

    def _node(self, field: str, expr: Expr) -> Expr:
        return guarded.node(self.context, self.part, self.attached, field, expr)

    # ------------------------------------------------------------------------------------------- what is granted

    def _fits(self) -> Expr:
        """Whether the whole request, or anything at all, may be used."""
        tests = [quantities.is_over(self.headroom, self.at)]
        if self.requested is not None:
            tests.append(arithmetic.compare("<=", self.requested, self.headroom, self.at))
        tests += [test for test in (counter.fits() for counter in self.counters) if test is not None]
        return tests[0] if len(tests) == 1 else All(types.BOOL, tuple(tests))

    def _granted(self) -> Expr:
        if self.requested is None:
            return quantities.zero(self.held.unit)
        return self._by_excess({"refuse": self._whole, "clamp": self._clamped, "overflow": self._overflowed})

    def _by_excess(self, of: dict[str, Callable[[], Expr]]) -> Expr:
        """What holds by `on_excess`: one of these, or a choice where an input says which."""
        found = None
        for word, make in of.items():
            holds = self.excess[word]
            if holds is True:
                return make()
            if holds is not False:
                found = make() if found is None else arithmetic.choose(holds, make(), found, self.at)
        assert found is not None, "one of the words holds"
        return found

    def _whole(self) -> Expr:
        assert self.requested is not None
        return arithmetic.choose(self.fits, self.requested, quantities.zero(self.held.unit), self.at)

    def _clamped(self) -> Expr:
        assert self.requested is not None
        granted = self.requested
        for counter in self.counters:
            granted = counter.clamped(self.requested, granted, self.held.step)
        return quantities.within(granted, quantities.cut(self.headroom, self.held.step))

    def _overflowed(self) -> Expr:
        assert self.requested is not None
        if self.bounds.spend is None:
            return self.requested
        most = quantities.more(self.held.left, self.bounds.spend)
        return quantities.within(self.requested, quantities.cut(most, self.held.step))

    def _allowed(self) -> Expr:
        """A request of which a part is granted is allowed; so is one of nothing where something is left."""
        return self._by_excess(
            {"refuse": lambda: self.fits, "clamp": self._partly_allowed, "overflow": self._partly_allowed}
        )

    def _is_taken(self) -> Expr:
        """Whether a request that draws nothing counts in windows: where it fits, or has happened."""
        yes = Const(types.BOOL, True)
        if self.requested is None:
            return yes
        asks = arithmetic.compare(">", self.requested, quantities.zero(self.held.unit), self.at)
        free = self._by_excess({"refuse": lambda: self.fits, "clamp": lambda: self.fits, "overflow": lambda: yes})
        return If(types.BOOL, asks, yes, free)

    def _partly_allowed(self) -> Expr:
        assert self.requested is not None
        nothing = quantities.zero(self.held.unit)
        asks = arithmetic.compare(">", self.requested, nothing, self.at)
        return If(types.BOOL, asks, arithmetic.compare(">", self.granted, nothing, self.at), self.fits)

    # ---------------------------------------------------------------------------------------------- what stops it

    def _refused(self) -> Expr:
        """Whether the request was turned away as a whole, so that what it asked for counts, not what is left."""
        refuses = self.excess["refuse"]
        not_granted = Call(types.BOOL, "not", (self.fits,))
        if isinstance(refuses, bool):
            return not_granted if refuses else Const(types.BOOL, False)
        return All(types.BOOL, (refuses, not_granted))

    def _stops(self) -> list[tuple[Expr, Counter | None]]:
        """What may have stopped the request, the first that holds: windows, then what is included and beyond."""
        refused = self._refused()
        found: list[tuple[Expr, Counter | None]] = []
        for counter, counted in zip(self.counters, self.counted, strict=True):
            test = counter.is_stop(counted, refused)
            if test is not None:
                found.append((test, counter))
        rest = quantities.less(self.headroom, self.granted, self.at)
        spent = Call(types.BOOL, "not", (quantities.is_over(rest, self.at),))
        short = self._short()
        return [*found, (If(types.BOOL, refused, short, spent), None)]

    def _short(self) -> Expr:
        """Whether what is included and beyond does not do for the request."""
        enough = quantities.is_over(self.headroom, self.at)
        if self.requested is not None:
            within = arithmetic.compare("<=", self.requested, self.headroom, self.at)
            enough = All(types.BOOL, (enough, within))
        return Call(types.BOOL, "not", (enough,))

    def _first(self, of: dict[int, Expr], none: Expr) -> Expr:
        """The value of the first stop that holds; `of` by its place."""
        found = none
        stops = self._stops()
        for place in range(len(stops) - 1, -1, -1):
            found = arithmetic.choose(stops[place][0], arithmetic.coerced(of[place], none.type), found, self.at)
        return found

    def _limit_type(self) -> Expr:
        window = Const(LIMIT_TYPES, "usage_limit")
        places = dict(enumerate([window] * len(self._stops())))
        return self._first(places | {len(places) - 1: self.bounds.stop}, NO_LIMIT)

    def _source(self, own: Expr | None) -> Expr:
        """The window that stopped the request, or else the level or the grant that answers."""
        plain = NO_TEXT if own is None else arithmetic.coerced(own, NO_TEXT.type)
        found = plain
        for test, counter in reversed(self._stops()[:-1]):
            assert counter is not None
            name = arithmetic.coerced(Const(types.STRING, counter.part.id), NO_TEXT.type)
            found = If(NO_TEXT.type, test, name, found)
        return found

    def _resets_at(self) -> Expr:
        """When the window that stopped the request ends, or else the period."""
        own = self.period.end if self.period is not None else None
        if own is not None and all(counter.stretch.end is None for counter in self.counters):
            return own
        found = NO_TIME if own is None else arithmetic.coerced(own, NO_TIME.type)
        for test, counter in reversed(self._stops()[:-1]):
            assert counter is not None
            end = counter.stretch.end
            if end is not None:
                found = If(NO_TIME.type, test, arithmetic.coerced(end, NO_TIME.type), found)
        return found

    # ------------------------------------------------------------------------------------------------- the answer

    def answer(self, scope: Scope) -> dict[str, Expr]:
        held, at = self.held, self.at
        limit_type = self._node("limit_type", self._limit_type())
        now = arithmetic.add([held.used, self.granted], at)
        asks = self.requested is not None
        warned = alerts.warnings(self.context, self.part, scope, held.unit, held.granted, held.used, now, asks)
        if asks:
            crossed = arithmetic.compare(">", self.granted, quantities.zero(held.unit), at)
            stopped = Call(types.BOOL, "is_present", (limit_type,))
            warned.append((All(types.BOOL, (crossed, stopped)), alerts.LIMIT_REACHED))
        fields: dict[str, Expr] = {"allowed": self._allowed()}
        if self.requested is not None:
            fields["requested"] = self.requested
        fields |= {
            "granted": self.granted,
            "balance": quantities.less(held.left, self.included, at),
            "limit": held.granted,
            "limit_type": limit_type,
            "source": self._source(held.source),
            "resets_at": self._resets_at(),
            "warnings": alerts.listed(warned),
            "draw": held.draw(self.granted, self.included),
            "overage": pool.after(held, self.beyond, at),
            "overage_added": self.beyond,
            "used": now,
        }
        if self.counters:
            fields["windows"] = windows.listed(self.counters, self.counted)
        return fields
