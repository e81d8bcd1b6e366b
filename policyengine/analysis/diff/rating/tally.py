"""Sums of what recorded usage comes to under two versions: exact, each currency apart, and mergeable."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, Inexact, InvalidOperation, Rounded

EXACT = Context(prec=120, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[Inexact, InvalidOperation, Rounded])
"""A sum that would need rounding raises; amounts have 34 digits, so 10**80 of them fit."""

SHARES = tuple(Decimal(share) for share in ("-0.5", "-0.2", "-0.05", "0", "0.05", "0.2", "0.5"))
"""The edges of the distribution, as shares of what was paid before."""
BANDS = (
    "down by more than 50 %", "down by 20 to 50 %", "down by 5 to 20 %", "down by up to 5 %", "the same",
    "up by up to 5 %", "up by 5 to 20 %", "up by 20 to 50 %", "up by more than 50 %", "new, nothing before",
)  # fmt: skip
"""What the bands of the distribution are called, from the largest fall to the largest growth."""
SAME, NEW = 4, 9


@dataclass(slots=True)
class Sum:
    """The amounts of some calls before and after; `changed` counts those that differ."""

    calls: int = 0
    changed: int = 0
    before: Decimal = Decimal(0)
    after: Decimal = Decimal(0)

    @property
    def change(self) -> Decimal:
        """What is paid more, or less."""
        return EXACT.subtract(self.after, self.before)

    @property
    def share(self) -> Decimal | None:
        """The change as a share of what was paid before, cut to four places: a figure for people, never an amount.

        None where nothing was paid before.
        """
        if not self.before:
            return None
        numerator, denominator = self.change.as_integer_ratio()
        before, over = self.before.as_integer_ratio()
        scaled = numerator * over * 10_000
        whole = abs(scaled) // abs(denominator * before)
        return Decimal(whole if (scaled < 0) == (before < 0) else -whole).scaleb(-4, EXACT)

    def add(self, before: Decimal, after: Decimal) -> None:
        """Count one call."""
        self.calls += 1
        self.changed += before != after
        self.before = EXACT.add(self.before, before)
        self.after = EXACT.add(self.after, after)

    def merge(self, other: Sum) -> None:
        """Count what another sum has counted."""
        self.calls += other.calls
        self.changed += other.changed
        self.before = EXACT.add(self.before, other.before)
        self.after = EXACT.add(self.after, other.after)


Group = tuple[str, str, str]
"""A currency, a tenant and a product."""


@dataclass(slots=True)
class Fault:
    """A refusal of one version or of both: how often, and the first line that met it."""

    count: int
    line: int
    example: str


@dataclass(slots=True)
class Tally:
    """Everything that is known about a stretch of usage."""

    lines: int = 0
    calls: int = 0
    groups: dict[Group, Sum] = field(default_factory=dict)
    bands: dict[str, list[int]] = field(default_factory=dict)
    """For each currency how many calls lie in each of the `BANDS`."""
    effects: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Effect before and after, or `refused`: how many calls."""
    faults: dict[tuple[str, str], Fault] = field(default_factory=dict)
    """By the side (`before`, `after`, `both`) and the path of the fact or the code."""

    def add(self, group: Group, before: Decimal, after: Decimal) -> None:
        """Count the amounts of one call in its currency."""
        own = self.groups.get(group)
        if own is None:
            own = self.groups[group] = Sum()
        own.add(before, after)
        bands = self.bands.get(group[0])
        if bands is None:
            bands = self.bands[group[0]] = [0] * len(BANDS)
        bands[SAME if before == after else band(before, after)] += 1

    def fault(self, side: str, about: str, line: int, example: str) -> None:
        """Count one refusal."""
        known = self.faults.get((side, about))
        if known is None:
            self.faults[side, about] = Fault(1, line, example)
        else:
            known.count += 1

    def merge(self, other: Tally) -> None:
        """Count what another tally has counted in the lines that follow."""
        for group, its in other.groups.items():
            self.groups.setdefault(group, Sum()).merge(its)
        for currency, counts in other.bands.items():
            own = self.bands.setdefault(currency, [0] * len(BANDS))
            self.bands[currency] = [a + b for a, b in zip(own, counts, strict=True)]
        self.effects.update(other.effects)
        for key, fault in other.faults.items():
            known = self.faults.get(key)
            if known is None:
                self.faults[key] = Fault(fault.count, self.lines + fault.line, fault.example)
            else:
                known.count += fault.count
        self.lines += other.lines
        self.calls += other.calls


def band(before: Decimal, after: Decimal) -> int:
    """The place in `BANDS` of an amount that was paid before and one that is paid now."""
    change = EXACT.subtract(after, before)
    if not change:
        return SAME
    if not before:
        return NEW
    size = abs(before)
    if change < 0:
        return sum(EXACT.multiply(share, size) <= change for share in SHARES)
    return 1 + sum(EXACT.multiply(share, size) < change for share in SHARES)
