"""Windows: limits over stretches of time, counted apart from the balance and never touched by its resets.

A window may count another quantity than the entitlement, such as calls beside credits: what it leaves is then the same
share of the request. Where counters are stored as a list, a window finds its own by `id` (none counts as zero), begins
at zero when its stretch is another one than the stored, and gives the counter back with the fields of the list.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from policyengine.compiler import diagnostics as say
from policyengine.compiler.lower.context import Context
from policyengine.compiler.lower.each import fitted
from policyengine.compiler.lower.entitlements import opened, quantities, resets
from policyengine.compiler.lower.entitlements.resets import Stretch
from policyengine.compiler.lower.entitlements.resolution import optional
from policyengine.language.entitlements import Entitlement, Window
from policyengine.language.expression import arithmetic, check
from policyengine.language.expression.diagnostics import Rejected
from policyengine.language.expression.scope import Scope
from policyengine.runtime.program import All, Any_, Call, Const, Expr, Field, Fold, If, Local, MakeList, MakeRecord
from policyengine.source import Span
from policyengine.values import types
from policyengine.values.types import Number, Type, Unit

Keep = Callable[[str, Expr], Expr]
COUNTED = ("id", "used", "since", "until", "anchored_by", "rolled")
TEXT, TIME = types.Optional(types.STRING), types.Optional(types.TIMESTAMP)
PLACES_MAX = 34


@dataclass(frozen=True, slots=True)
class Counter:
    """One window of a request. `requested` is what the request counts here, or None where nothing is asked for;
    `left` is None where the window only counts."""

    part: Window
    used: Expr
    used_type: Number
    left: Expr | None
    requested: Expr | None
    is_own: bool
    counts: Expr | None
    stretch: Stretch
    anchored_by: Expr
    rolled: Expr
    record: types.Record | None

    def fits(self) -> Expr | None:
        """Whether the request, or anything at all, fits into the window; None where it always does."""
        if self.left is None:
            return None
        at = self.part.at
        test = quantities.is_over(self.left, at)
        if self.requested is not None:
            unit = self.used_type.unit
            if self.is_own:
                test = Any_(types.BOOL, (test, arithmetic.compare("<=", self.requested, quantities.zero(unit), at)))
            test = All(types.BOOL, (test, arithmetic.compare("<=", self.requested, self.left, at)))
        return self._where_counted(test, otherwise=True)

    def is_stop(self, counted: Expr, refused: Expr) -> Expr | None:
        """Whether this window is what refused the request, or has nothing left after it."""
        if self.left is None:
            return None
        at = self.part.at
        spent = Call(types.BOOL, "not", (quantities.is_over(quantities.less(self.left, counted, at), at),))
        fits = self.fits()
        assert fits is not None
        return self._where_counted(If(types.BOOL, refused, Call(types.BOOL, "not", (fits,)), spent), otherwise=False)

    def _where_counted(self, test: Expr, otherwise: bool) -> Expr:
        return test if self.counts is None else If(types.BOOL, self.counts, test, Const(types.BOOL, otherwise))

    def clamped(self, whole: Expr, granted: Expr, step: Number) -> Expr:
        """What the window leaves of a request: the share of it that fits, in the request's own places."""
        if self.left is None or self.requested is None:
            return granted
        at = self.part.at
        if not self.is_own:
            return self._chosen(quantities.within(granted, quantities.cut(self.left, step)), granted)
        part = quantities.within(self.requested, quantities.cut(self.left, self.used_type))
        share = _share(whole, part, self.requested, "floor", at)
        fits = arithmetic.compare("<=", self.requested, self.left, at)
        kept = arithmetic.choose(fits, granted, arithmetic.extreme("min", [granted, share], at), at)
        return self._chosen(kept, granted)

    def counted(self, whole: Expr | None, granted: Expr, is_taken: Expr) -> Expr:
        """What this request adds to the counter: the share of it that was granted, in the counter's own places.

        `is_taken` says whether a request that draws nothing is let through.
        """
        at = self.part.at
        if self.requested is None or whole is None:
            return quantities.zero(self.used_type.unit)
        if not self.is_own:
            return self._chosen(granted, quantities.zero(self.used_type.unit))
        share = _share(self.requested, granted, whole, "up", at)
        full = All(types.BOOL, (arithmetic.compare(">=", granted, whole, at), is_taken))
        return self._chosen(arithmetic.choose(full, self.requested, share, at), quantities.zero(self.used_type.unit))

    def _chosen(self, counted: Expr, otherwise: Expr) -> Expr:
        return counted if self.counts is None else arithmetic.choose(self.counts, counted, otherwise, self.part.at)

    def stored(self, counted: Expr) -> Expr:
        """The counter after this request, with the fields in which it is kept."""
        at = self.part.at
        used = fitted(arithmetic.add([self.used, counted], at), self.used_type, at)
        known: dict[str, Expr] = {
            "id": Const(types.STRING, self.part.id),
            "used": used,
            "since": self.stretch.start or Const(TIME, None),
            "until": self.stretch.end or Const(TIME, None),
            "anchored_by": self.anchored_by,
            "rolled": self.rolled,
        }
        if self.record is None:
            names: tuple[tuple[str, Type], ...] = (("id", types.STRING), ("used", self.used_type))
            record = types.Record("", names)
            return MakeRecord(record, (known["id"], used))
        fields = []
        for name, its_type in self.record.fields:
            own = known[name]
            joint = arithmetic.joined_type(own.type, its_type)
            if joint != its_type and not (name == "id" and isinstance(its_type, types.Enum)):
                raise Rejected(say.counter_field(name, str(own.type), self.part.used.span))
            fields.append(arithmetic.coerced(own, its_type))
        return MakeRecord(self.record, tuple(fields))


def _share(of: Expr, part: Expr, whole: Expr, mode: str, at: Span) -> Expr:
    """`of * part / whole` in the places of `of`; the caller sees to it that the whole is not zero where it matters."""
    assert isinstance(of.type, Number)
    assert isinstance(whole.type, Number)
    one = Const(Number(whole.type.integer, whole.type.unit, whole.type.den, 1, 1), 1)
    never_zero = arithmetic.extreme("max", [whole, one], at)
    ratio = arithmetic.divide(arithmetic.multiply([of, part], at), never_zero, at)
    places = next((p for p in range(PLACES_MAX + 1) if 10**p % of.type.den == 0), None)
    if places is None:
        raise Rejected(say.endless_quantity(at))
    made = arithmetic.rounded(ratio, places, mode, at)
    assert isinstance(made.type, Number)
    whole_type = replace(made.type, integer=of.type.integer and made.type.den == 1)
    return arithmetic.narrowed(replace(made, type=whole_type), 0, -(-of.type.hi // of.type.den))


def counters(
    context: Context, part: Entitlement, scope: Scope, unit: Unit, requested: Expr | None, keep: Keep
) -> tuple[Counter, ...]:
    """The windows of an entitlement; `keep` makes a node of what is read more than once."""
    ids = [window.id for window in part.windows]
    for place, window in enumerate(part.windows):
        if window.id in ids[:place]:
            raise Rejected(say.window_twice(window.id, window.at))
    found = tuple(_kept_once(_counter(context, window, scope, unit, requested), keep) for window in part.windows)
    if len({counter.record is None for counter in found}) > 1:
        raise Rejected(say.counters_differ(part.windows[0].at))
    return found


def _kept_once(counter: Counter, keep: Keep) -> Counter:
    """The counter with its steps as nodes of their own."""

    def step(name: str, expr: Expr) -> Expr:
        return keep(f"windows.{counter.part.id}.{name}", expr)

    start, end = counter.stretch.start, counter.stretch.end
    return replace(
        counter,
        used=step("used", counter.used),
        left=None if counter.left is None else step("left", counter.left),
        stretch=Stretch(
            None if start is None else step("since", start),
            None if end is None else step("until", end),
        ),
        anchored_by=step("anchored_by", counter.anchored_by),
        rolled=step("rolled", counter.rolled),
    )


def _counter(context: Context, part: Window, scope: Scope, unit: Unit, requested: Expr | None) -> Counter:
    counts = None if part.when is None else context.boolean(part.when, scope)
    stretch = _stretch(context, part, scope)
    anchored_by: Expr = Const(TEXT, None)
    if part.anchored_by is not None:
        anchored_by = optional(context, part.anchored_by, scope, types.STRING)
    stored = context.value(part.used, scope, unit=unit)
    record, rolled = None, Const(types.BOOL, False)
    if isinstance(stored.type, types.List):
        stored, record = _found(part, stored)
    own = part.requested is not None
    asked = quantities.number(context, part.requested, scope, None, "requested") if part.requested else requested
    if asked is not None:
        assert isinstance(asked.type, Number)
        unit = asked.type.unit
    if record is not None:
        used, stretch, anchored_by, rolled_now = _kept(context, part, scope, stored, record, stretch, anchored_by)
    elif part.opens is not None:
        raise Rejected(say.counter_field("until", "a timestamp, in a list of counters", part.used.span))
    else:
        used, rolled_now = quantities.number(context, part.used, scope, unit, "used"), rolled
    assert isinstance(used.type, Number)
    if used.type.unit != unit:
        raise Rejected(say.counter_field("used", str(used.type), part.used.span))
    left = None
    if part.limit is not None:
        left = quantities.less(quantities.limit(context, part.limit, scope, unit), used, part.at)
    used_type = record.field("used") if record else used.type
    assert isinstance(used_type, Number)
    if requested is None:
        asked = None
    return Counter(part, used, used_type, left, asked, own, counts, stretch, anchored_by, rolled_now, record)


def _stretch(context: Context, part: Window, scope: Scope) -> Stretch:
    if part.interval:
        return resets.aligned(context, part, scope)
    sides = [
        None if side is None else optional(context, side, scope, types.TIMESTAMP) for side in (part.start, part.until)
    ]
    return Stretch(*sides)


def _found(part: Window, listed: Expr) -> tuple[Expr, types.Record]:
    """The stored counter of a window, which may be absent, by its id."""
    assert isinstance(listed.type, types.List)
    record = listed.type.item
    at = part.used.span
    if not isinstance(record, types.Record) or not types.is_text(record.field("id") or types.NEVER):
        raise Rejected(say.counter_field("id", "a text", at))
    for name, its_type in record.fields:
        if name not in COUNTED:
            raise Rejected(say.unknown_counter_field(name, COUNTED, at))
        if name == "used" and (not isinstance(its_type, Number) or its_type.lo < 0):
            raise Rejected(say.amount_may_be_negative("used", at))
    if record.field("used") is None:
        raise Rejected(say.counter_field("used", "a number", at))
    its_id = record.field("id")
    assert its_id is not None
    if isinstance(its_id, types.Enum) and part.id not in its_id.members:
        raise Rejected(say.counter_field("id", f"an enum with `{part.id}`", at))
    made = types.Optional(record)
    item, state = Local(record, "counter@item"), Local(made, "counter@found")
    its = Call(types.BOOL, "eq", (_of(item, record, "id"), Const(its_id, part.id)))
    step = If(made, its, arithmetic.coerced(item, made), state)
    return Fold(made, listed, item.name, "", (state.name,), (Const(made, None),), (step,), None, state), record


def _of(target: Expr, record: types.Record, name: str) -> Expr:
    its_type = record.field(name)
    assert its_type is not None
    return Field(its_type, target, name)


def _kept(
    context: Context,
    part: Window,
    scope: Scope,
    stored: Expr,
    record: types.Record,
    stretch: Stretch,
    anchored_by: Expr,
) -> tuple[Expr, Stretch, Expr, Expr]:
    """What a stored counter still counts, its stretch and anchor, and whether anything of it is new."""
    at = part.at
    used_type = record.field("used")
    assert isinstance(used_type, Number)
    there = context.is_present(stored)
    zero = Const(used_type, 0)
    used = arithmetic.choose(there, _stored(stored, record, "used", used_type), zero, at)
    since = _stored(stored, record, "since", types.TIMESTAMP)
    until = _stored(stored, record, "until", types.TIMESTAMP)
    anchor = _stored(stored, record, "anchored_by", types.STRING)
    if part.opens is None and stretch.start is None and stretch.end is None and record.field("until") is None:
        return used, stretch, anchored_by, Const(types.BOOL, False)
    now = resets.now(context, scope, at)
    if part.opens is not None:
        found = opened.opened(context, part, scope, since, until)
        none = Call(types.BOOL, "not", (context.is_present(found.start),))
        over = Any_(types.BOOL, (found.is_new, none))
        return arithmetic.choose(over, zero, used, at), Stretch(found.start, found.end), anchored_by, found.is_new
    if stretch.start is None or isinstance(stretch.start.type, types.Optional):
        return _given(context, at, used, zero, since, until, anchor, now, stretch, anchored_by)
    moved = All(types.BOOL, (there, _differs(since, stretch.start)))
    return arithmetic.choose(moved, zero, used, at), stretch, anchored_by, moved


def _given(
    context: Context,
    at: Span,
    used: Expr,
    zero: Expr,
    since: Expr,
    until: Expr,
    anchor: Expr,
    now: Expr,
    stretch: Stretch,
    anchored_by: Expr,
) -> tuple[Expr, Stretch, Expr, Expr]:
    """A stretch whose bounds are given: another one begins at zero; without bounds the stored one runs out."""
    start, end = stretch.start or Const(TIME, None), stretch.end or Const(TIME, None)
    known = context.is_present(start)
    moved = Any_(types.BOOL, (_differs(since, start), _differs(until, end)))
    past = arithmetic.choose(
        context.is_present(until),
        arithmetic.compare("<=", check.unwrapped(until), now, at),
        Const(types.BOOL, False),
        at,
    )
    over = arithmetic.choose(known, moved, past, at)
    renamed = All(types.BOOL, (known, _differs(anchor, anchored_by)))
    kept = Stretch(If(TIME, known, start, since), If(TIME, known, end, until))
    named = If(TEXT, known, anchored_by, anchor)
    return arithmetic.choose(over, zero, used, at), kept, named, Any_(types.BOOL, (over, renamed))


def _stored(stored: Expr, record: types.Record, name: str, plain: Type) -> Expr:
    """A field of the stored counter; a time or a text that is not kept, or that is absent, is absent."""
    its_type = record.field(name)
    if its_type is None:
        return Const(types.Optional(plain), None)
    bare = its_type.item if isinstance(its_type, types.Optional) else its_type
    made = Call(types.Optional(bare), "optional_field", (stored, Const(types.STRING, name)))
    return made if plain in (types.TIMESTAMP, types.STRING) else check.unwrapped(made)


def _differs(a: Expr, b: Expr) -> Expr:
    """Whether two values that may be absent are not the same."""
    joint = arithmetic.joined_type(a.type, b.type)
    assert joint is not None
    same = Call(types.BOOL, "eq", (arithmetic.coerced(a, joint), arithmetic.coerced(b, joint)))
    return Call(types.BOOL, "not", (same,))


def listed(counters: tuple[Counter, ...], counted: list[Expr]) -> Expr:
    """All counters after this request."""
    items = [counter.stored(added) for counter, added in zip(counters, counted, strict=True)]
    joint: Type = types.NEVER
    for item in items:
        both = arithmetic.joined_type(joint, item.type)
        if both is None:
            raise Rejected(say.counters_differ(counters[0].part.at))
        joint = both
    return MakeList(types.List(joint, len(items)), tuple(arithmetic.coerced(item, joint) for item in items))


__all__ = ["Counter", "counters", "listed"]
