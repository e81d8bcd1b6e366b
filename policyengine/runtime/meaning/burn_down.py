"""Burning grants down: what usage, recurrences and resets leave of them at an instant.

A pure function over exact numbers: it only adds, subtracts and compares, so it means the same over the interpreter's
fractions and over the ints of generated code, which hold all amounts over one denominator.

Time runs from `start` to `until`, cut at every reset, and between resets at every instant at which a grant becomes
active, ends or recurs. In each stretch the usage in `[from, to)` is burned from the active grants in their order; what
finds no grant is overage, and is burned from the next grants that have something. A grant is active in
[effective, the earliest of its ends), is full when it becomes active, and worth nothing outside. A recurrence fills it
again. A reset leaves `min(rollover_max, max(rollover_min, balance))` of each active grant, then burns the overage if it
is preserved and drops it otherwise, and counts usage from zero. A recurrence or a reset exactly at `until` is applied;
a grant that would become active exactly then is not active yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from policyengine.runtime import failure
from policyengine.values import calendar
from policyengine.values.interval import parse_interval
from policyengine.values.invalid import InvalidValue
from policyengine.values.zones import Zone

STRETCHES_MAX = 10_000


@dataclass(frozen=True, slots=True)
class Grant:
    """One grant in the order of burning; `ends` are those of its ends that there are."""

    id: str
    amount: Any
    effective: int
    ends: tuple[int, ...]
    rollover_min: Any
    rollover_max: Any
    every: str
    anchor: int

    @property
    def end(self) -> int | None:
        return max(self.effective, min(self.ends)) if self.ends else None

    def is_active(self, at: int) -> bool:
        return self.effective <= at and (self.end is None or at < self.end)

    def is_relevant(self, start: int, until: int) -> bool:
        """Whether it is there at any time between the two, both included."""
        return self.effective <= until and (self.end is None or self.end >= start)

    def recurrences(self, start: int, until: int, zone: Zone) -> Iterator[int]:
        """When it recurs in [start, until], as long as it is active."""
        if not self.every:
            return
        cycle = calendar.anniversary(self.anchor, parse_interval(self.every), zone)
        first = max(self.effective, start)
        number = cycle.number_at(first)
        if cycle.boundary(number) < first:
            number += 1
        while (at := int(cycle.boundary(number))) <= until and self.is_active(at):
            yield at
            number += 1


@dataclass(slots=True)
class State:
    """What is there at an instant; usage counts since `since`."""

    balances: dict[str, Any]
    overage: Any
    usage: Any
    grant_usage: Any
    since: int


Usage = Sequence[tuple[int, Any]]
Segment = tuple[Any, ...]


def burn_down(
    zone: Zone,
    grants: Sequence[tuple[Any, ...]],
    balances: Sequence[tuple[str, Any]] | None,
    usage: Usage,
    resets: Sequence[int],
    start: int,
    until: int,
    begun: tuple[Any, Any, Any],
    preserve_overage: bool,
    latest: bool,
) -> Any:
    """The state at `until`, as `(balances, overage, total, usage, grant_usage, since, segments)`, or a Failure.

    `grants` come in the order of burning, with the fields of `Grant`, ends and anchors absent as None. `balances` are
    those at `start`; without them every grant is full. `begun` is the overage, usage and grant usage there is at
    `start`. With `latest` usage is the last reading of a stretch, held against the whole grants.
    """
    known = [_grant(fields) for fields in grants]
    times = sorted(set(resets))
    if times and times[0] <= start:
        return failure.RESET_NOT_AFTER_START
    if times and times[-1] > until:
        return failure.RESET_AFTER_END
    if until < start:
        return failure.EMPTY_PERIOD
    if balances is None:
        first = {grant.id: grant.amount for grant in known}
    else:
        first = dict(balances)
        relevant = {g.id for g in known if g.is_relevant(start, until) or g.id in first}
        if first.keys() != relevant:
            return failure.GRANT_BALANCE_MISMATCH
    overage, used, grant_used = begun
    try:
        run = _Run(zone, known, sorted(usage, key=lambda event: event[0]), latest)
        state = run.through(State(first, overage, used, grant_used, start), times, until, preserve_overage)
    except InvalidValue:
        return failure.TIME_RANGE
    except _TooMany:
        return failure.TOO_MANY_STRETCHES.saying(f"grants change more than {STRETCHES_MAX:,} times")
    total = sum(state.balances.values())
    listed = tuple((g.id, state.balances[g.id]) for g in known if g.id in state.balances)
    return (listed, state.overage, total, state.usage, state.grant_usage, state.since, tuple(run.segments))


def _grant(fields: tuple[Any, ...]) -> Grant:
    name, amount, effective, *ends, least, most, every, anchor = fields
    return Grant(
        name, amount, effective, tuple(e for e in ends if e is not None), least, most, every or "", anchor or 0
    )


class _TooMany(Exception):
    """There are more stretches than a run may have."""


class _Run:
    """One run; `segments` is its history."""

    def __init__(self, zone: Zone, grants: list[Grant], usage: Usage, latest: bool) -> None:
        self.zone, self.grants, self.usage, self.latest = zone, grants, usage, latest
        self.segments: list[Segment] = []

    def through(self, state: State, resets: list[int], until: int, preserve: bool) -> State:
        """From reset to reset, the last of which may be at the end."""
        start = state.since
        for at in resets:
            self.between(state, start, at, is_last=False)
            self.reset(state, at, preserve)
            start = at
        self.between(state, start, until, is_last=True)
        return state

    def between(self, state: State, start: int, end: int, is_last: bool) -> None:
        """The stretches between two resets; what happens at the second belongs to what follows it."""
        recurring: dict[int, list[Grant]] = {}
        for grant in self._there(state):
            for at in grant.recurrences(start, end, self.zone):
                if at < end or is_last or start == end:
                    recurring.setdefault(at, []).append(grant)
                    if len(recurring) > STRETCHES_MAX:
                        raise _TooMany
        changes = {at for g in self._there(state) for at in (g.effective, *g.ends) if start < at < end}
        cuts = [start, *sorted({at for at in recurring if start < at < end} | changes)]
        for place, at in enumerate(cuts):
            following = cuts[place + 1] if place + 1 < len(cuts) else end
            self.stretch(state, at, following, recurring.get(at, []))
        if end > start and end in recurring:
            self.stretch(state, end, end, recurring[end])

    def stretch(self, state: State, start: int, end: int, recurring: list[Grant]) -> None:
        """Recurrences and changes at its beginning, then its usage."""
        if len(self.segments) >= STRETCHES_MAX:
            raise _TooMany
        for grant in recurring:
            state.balances[grant.id] = grant.amount
        active = []
        for grant in self._there(state):
            if not grant.is_active(start):
                state.balances[grant.id] = 0
                continue
            active.append(grant)
            if grant.effective == start or self.latest:
                state.balances[grant.id] = grant.amount
        before = dict(state.balances)
        overage = state.overage
        used = self._used(start, end)
        burned = self.burn(state, active, used + overage)
        state.usage += used
        state.grant_usage += burned
        self._note(start, end, used, overage, state.overage, before, False)

    def burn(self, state: State, grants: list[Grant], amount: Any) -> Any:
        """Take an amount from grants in order; what is left of it is the overage. Gives what was taken."""
        taken = 0
        for grant in grants:
            part = min(state.balances[grant.id], amount)
            state.balances[grant.id] -= part
            amount -= part
            taken += part
        state.overage = amount
        return taken

    def reset(self, state: State, at: int, preserve: bool) -> None:
        """Roll over what active grants hold, burn the overage if it is preserved, count usage from zero."""
        there = self._there(state)
        for grant in there:
            if grant.is_active(at):
                held = max(grant.rollover_min, state.balances[grant.id])
                state.balances[grant.id] = min(grant.rollover_max, held)
        before = dict(state.balances)
        overage = state.overage if preserve else 0
        state.usage, state.since = 0, at
        state.grant_usage = self.burn(state, there, overage)
        self._note(at, at, 0, overage, state.overage, before, True)

    def _there(self, state: State) -> list[Grant]:
        return [grant for grant in self.grants if grant.id in state.balances]

    def _used(self, start: int, end: int) -> Any:
        """The usage in [start, end): the sum, or the last reading."""
        inside = [amount for at, amount in self.usage if start <= at < end]
        if self.latest:
            return inside[-1] if inside else 0
        return sum(inside)

    def _note(
        self, start: int, end: int, used: Any, begun: Any, overage: Any, balances: dict[str, Any], rollover: bool
    ) -> None:
        held = tuple((g.id, balances[g.id]) for g in self.grants if g.id in balances)
        self.segments.append((start, end, used, begun, overage, sum(balances.values()), held, rollover))


FUNCTIONS: dict[str, Callable[..., Any]] = {"burn_down": burn_down}
