"""What a schedule of tiers costs, quantity by quantity: where it falls, and which tiers are never reached.

Only numbers that are known when a bundle is checked are looked at. They are exact: fractions, or ints that count parts
of a unit, which are many times as fast where a table has a schedule in every row. Prices are straight between the edges
of tiers, so what holds on both sides of every edge holds everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

Exact = Fraction | int


@dataclass(frozen=True, slots=True)
class Curve:
    """Tiers of one mode; `sizes` are those of packages. `step` is the smallest difference of two quantities.

    Quantities are counted in parts of `quantity_den` to the unit, prices in parts of `price_den`.
    """

    mode: str
    bounds: tuple[Exact, ...]
    rates: tuple[Exact, ...]
    flats: tuple[Exact, ...]
    sizes: tuple[Exact | None, ...]
    step: Exact
    quantity_den: int = 1
    price_den: int = 1

    def tier(self, quantity: Exact) -> int:
        """The tier that holds a quantity: bounds are inclusive, the last tier is open."""
        return next((i for i, bound in enumerate(self.bounds) if quantity <= bound), len(self.bounds))

    def price(self, quantity: Exact) -> Exact:
        """What a quantity above zero costs; at zero nothing is said about flat amounts."""
        if quantity <= 0:
            return 0
        reached = self.tier(quantity)
        if self.mode == "volume":
            return self._units(reached, quantity) + self.flats[reached]
        total: Exact = 0
        low: Exact = 0
        for tier in range(reached + 1):
            high = quantity if tier == reached else self.bounds[tier]
            total += self._units(tier, high - low) + self.flats[tier]
            low = high
        return total

    def _units(self, tier: int, part: Exact) -> Exact:
        size = self.sizes[tier]
        return part * self.rates[tier] if size is None else -(-part // size) * self.rates[tier]

    def behind_free_tier(self, free: Exact) -> Curve:
        """The same tiers behind one that costs nothing."""
        nothing = 0
        bounds = (free, *(bound + free for bound in self.bounds))
        return replace(
            self,
            bounds=bounds,
            rates=(nothing, *self.rates),
            flats=(nothing, *self.flats),
            sizes=(None, *self.sizes),
        )

    def _last_in(self, bound: Exact) -> Exact:
        """The greatest quantity up to a bound."""
        return bound // self.step * self.step

    def cliffs(self) -> Iterator[tuple[int, Exact, Exact]]:
        """The tiers that begin by costing less: the tier, the last quantity before it and the first in it."""
        for tier, bound in enumerate(self.bounds, start=1):
            before = self._last_in(bound)
            if self.price(before + self.step) < self.price(before):
                yield tier, before, before + self.step

    def unreachable(self, most: Exact) -> Iterator[int]:
        """The tiers that no quantity up to `most` reaches."""
        low: Exact = 0
        for tier, bound in enumerate((*self.bounds, None)):
            first = self._last_in(low) + self.step
            if tier and (first > most or (bound is not None and first > bound)):
                yield tier
            low = low if bound is None else bound

    def raised(self, free: Exact, as_tier: bool, most: Exact) -> tuple[Exact, Exact, Exact] | None:
        """A quantity that costs more with the free quantity than without it, and both prices."""
        shifted = self.behind_free_tier(free)
        edges = {0, free, *self.bounds, *(bound + free for bound in self.bounds)}
        near = (self._last_in(edge) + side * self.step for edge in edges for side in (0, 1))
        for quantity in sorted(q for q in near if 0 < q <= most):
            without = self.price(quantity)
            with_free = shifted.price(quantity) if as_tier else self.price(quantity - free)
            if with_free > without:
                return quantity, without, with_free
        return None
