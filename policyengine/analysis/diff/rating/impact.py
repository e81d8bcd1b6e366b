"""What a change means in money: recorded usage under both versions, by currency, tenant and product."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from policyengine.analysis.diff.rating.tally import BANDS, Fault, Sum, Tally, band

MOVERS_MAX = 10


@dataclass(frozen=True, slots=True)
class Line:
    """The sum of a tenant or of a product."""

    name: str
    sum: Sum


@dataclass(frozen=True, slots=True)
class Money:
    """Everything that is paid in one currency."""

    currency: str
    total: Sum
    tenants: tuple[Line, ...]
    """All tenants, the largest changes first."""
    products: tuple[Line, ...]
    bands: tuple[int, ...]
    """How many calls lie in each of the bands."""
    tenant_bands: tuple[int, ...]

    @property
    def movers(self) -> tuple[Line, ...]:
        """The tenants whose sums change most."""
        return tuple(line for line in self.tenants if line.sum.change)[:MOVERS_MAX]


@dataclass(frozen=True, slots=True)
class Impact:
    """What recorded usage comes to."""

    source: str
    calls: int
    moneys: tuple[Money, ...]
    effects: tuple[tuple[str, str, int], ...]
    """Effects that differ: before, after, how many calls."""
    faults: tuple[tuple[str, str, Fault], ...]
    """Refusals: the side, what they are about, how often and where first."""


def impact(source: str, tally: Tally) -> Impact:
    """The report of a tally."""
    currencies = sorted({currency for currency, _, _ in tally.groups})
    moneys = tuple(_money(currency, tally) for currency in currencies)
    effects = [(old, new, count) for (old, new), count in tally.effects.items() if old != new]
    faults = tuple((side, about, fault) for (side, about), fault in sorted(tally.faults.items()))
    return Impact(source, tally.calls, moneys, tuple(sorted(effects)), faults)


def _money(currency: str, tally: Tally) -> Money:
    own = [(tenant, product, its) for (code, tenant, product), its in tally.groups.items() if code == currency]
    tenants = _lines((tenant, its) for tenant, _, its in own)
    products = _lines((product, its) for _, product, its in own)
    total = Sum()
    for _, _, its in own:
        total.merge(its)
    by_tenant = [0] * len(BANDS)
    for line in tenants:
        by_tenant[band(line.sum.before, line.sum.after)] += 1
    return Money(currency, total, tenants, products, tuple(tally.bands[currency]), tuple(by_tenant))


def _lines(named: Iterable[tuple[str, Sum]]) -> tuple[Line, ...]:
    sums: dict[str, Sum] = {}
    for name, its in named:
        sums.setdefault(name, Sum()).merge(its)
    lines = [Line(name, its) for name, its in sums.items()]
    return tuple(sorted(lines, key=lambda line: (-abs(line.sum.change), line.name)))
