"""Currencies and the scale of their amounts: for books, and for the payment rails that see it otherwise.

Two tables, because they answer two questions. `scale` is the minor unit of ISO 4217, with the days on which a code was
in use: what accounts are kept in. `rail_scale` is how a provider wants an amount in its interface, which differs by
provider and for reasons of its own (old clients, banks behind it). Neither is a display convention: the Unicode CLDR
shows 13 currencies with fewer decimals than they have.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from policyengine.frozen import frozen
from policyengine.values.civil import date_text, parse_date
from policyengine.values.currency_table import ROWS
from policyengine.values.invalid import InvalidValue, did_you_mean
from policyengine.values.rounding import divide_round


@frozen
class Currency:
    """A code, its decimal places (None for those without a minor unit) and the days [since, until) it was in use."""

    code: str
    places: int | None
    since: int | None = None
    until: int | None = None


def _day(text: str) -> int | None:
    return parse_date(text) if text else None


CURRENCIES: Mapping[str, Currency] = MappingProxyType(
    {code: Currency(code, places, _day(since), _day(until)) for code, places, since, until in ROWS}
)


def currency(code: str) -> Currency:
    """The currency of a code, current or historic."""
    found = CURRENCIES.get(code)
    if found is None:
        raise InvalidValue(f"unknown currency `{code[:20]}`", did_you_mean(code[:20], CURRENCIES))
    return found


def scale(code: str, at: int | None = None) -> int:
    """The decimal places in which accounts are kept, on a day given by its number, or on any day it was in use."""
    found = currency(code)
    if found.places is None:
        raise InvalidValue(f"`{code}` has no minor unit, so no amount can be kept in it")
    if at is not None and found.since is not None and at < found.since:
        raise InvalidValue(f"`{code}` was not in use before {date_text(found.since)}")
    if at is not None and found.until is not None and at >= found.until:
        raise InvalidValue(f"`{code}` is not in use since {date_text(found.until)}")
    return found.places


@frozen
class RailScale:
    """Amounts are sent as integers at `places` and must be multiples of `step`, a power of ten."""

    places: int
    step: int = 1

    @property
    def round_places(self) -> int:
        """The decimal places that an amount may really have: what `round` to this rail means."""
        return self.places - (len(str(self.step)) - 1)

    def amounts(self, n: int, d: int) -> tuple[int, int]:
        """The nearest integers that the rail accepts for n / d, below and above; equal if it is one of them."""
        return self.amount(n, d, "floor"), self.amount(n, d, "ceiling")

    def amount(self, n: int, d: int, mode: str) -> int:
        """The integer that is sent for n / d when it is rounded in a mode."""
        factor: int = 10**self.places
        return divide_round(n * factor, d * self.step, mode) * self.step


_TWO_ENDING_IN_ZEROS = RailScale(2, 100)

# What a rail does other than ISO 4217. A code that is not here has ISO's minor unit.
_RAILS: Mapping[str, Mapping[str, RailScale]] = MappingProxyType(
    {
        # docs.stripe.com/currencies, "Minor units in API amounts", "Zero-decimal currencies", "Special cases": MGA has
        # no decimals; ISK and UGX lost theirs, but old clients go on to send two, which must be 00.
        "stripe": {"MGA": RailScale(0), "ISK": _TWO_ENDING_IN_ZEROS, "UGX": _TWO_ENDING_IN_ZEROS},
        # The same page: payouts in HUF and TWD are in whole units, though charges are not.
        "stripe_payout": {
            "MGA": RailScale(0),
            "ISK": _TWO_ENDING_IN_ZEROS,
            "UGX": _TWO_ENDING_IN_ZEROS,
            "HUF": _TWO_ENDING_IN_ZEROS,
            "TWD": _TWO_ENDING_IN_ZEROS,
        },
        # developer.paypal.com/docs/api/reference/currency-codes: "This currency does not support decimals".
        "paypal": {"HUF": RailScale(0), "JPY": RailScale(0), "TWD": RailScale(0)},
        # docs.adyen.com/development-resources/currency-codes: four currencies differ from the standard.
        "adyen": {"CLP": RailScale(2), "CVE": RailScale(0), "IDR": RailScale(0), "ISK": RailScale(2)},
    }
)
RAILS: tuple[str, ...] = tuple(_RAILS)

# docs.stripe.com/currencies, "Three-decimal currencies": the networks behind it want the last digit to be 0.
_LAST_OF_THREE_IS_ZERO = frozenset({"stripe", "stripe_payout"})


def rail_scale(rail: str, code: str) -> RailScale:
    """How a payment rail wants amounts of a currency."""
    exceptions = _RAILS.get(rail)
    if exceptions is None:
        raise InvalidValue(f"unknown payment rail `{rail[:40]}`", did_you_mean(rail[:40], _RAILS))
    places = scale(code)
    if code in exceptions:
        return exceptions[code]
    return RailScale(places, 10 if places == 3 and rail in _LAST_OF_THREE_IS_ZERO else 1)
