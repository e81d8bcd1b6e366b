"""An amount with its currency, for the edge of the API: what a caller hands in and takes away.

Rules compute with integers over static denominators and carry the currency in the type; this class computes nothing.
It holds an integer at a scale, which may be finer than the currency's own: 0.5875 USD is 5875 at four places.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Self

from policyengine.values.currencies import scale
from policyengine.values.invalid import InvalidValue
from policyengine.values.number_text import decimal_text, parse_plain, split_decimal, to_decimal
from policyengine.values.rounding import Mode, divide_round


@dataclass(frozen=True, slots=True, eq=False)
class Money:
    """`amount_minor` / 10**`places` of a currency. Equal amounts are equal at any scale."""

    amount_minor: int
    currency: str
    places: int

    def __post_init__(self) -> None:
        if type(self.amount_minor) is not int or type(self.places) is not int or self.places < 0:
            raise InvalidValue("an amount is a whole number at a number of decimal places")
        scale(self.currency)

    @classmethod
    def of(cls, amount: Decimal | int | str, currency: str) -> Self:
        """The amount at its currency's places, or at its own if it has more; never rounded."""
        n, own = _exact(amount)
        places = max(own, scale(currency))
        factor: int = 10 ** (places - own)
        return cls(n * factor, currency, places)

    def to_decimal(self) -> Decimal:
        """The amount with exactly its places."""
        return to_decimal(self.amount_minor, self.places)

    def minor_units(self) -> int:
        """The amount in its currency's own minor units (cents); refused if it has a fraction of one."""
        own: int = 10 ** scale(self.currency)
        here: int = 10**self.places
        whole, rest = divmod(self.amount_minor * own, here)
        if rest:
            raise InvalidValue(f"{self} is no whole number of minor units", "round it first")
        return whole

    def rounded(self, mode: Mode, places: int | None = None) -> Self:
        """The amount rounded to some places, by default its currency's own."""
        target = scale(self.currency) if places is None else places
        rounded = divide_round(self.amount_minor * 10**target, 10**self.places, mode)
        return type(self)(rounded, self.currency, target)

    def __eq__(self, other: object) -> bool:
        if type(other) is not Money:
            return NotImplemented
        same_value = self.amount_minor * 10**other.places == other.amount_minor * 10**self.places
        return same_value and self.currency == other.currency

    def __hash__(self) -> int:
        return hash((decimal_text(self.amount_minor, 10**self.places), self.currency))

    def __str__(self) -> str:
        return f"{self.to_decimal():f} {self.currency}"


def _exact(amount: Decimal | int | str) -> tuple[int, int]:
    """Digits and a scale of at least 0; a number that could have lost digits on its way is refused."""
    if type(amount) is int:
        return amount, 0
    if isinstance(amount, str):
        n, d = parse_plain(amount)
        return n, len(str(d)) - 1
    if isinstance(amount, Decimal):
        n, own = split_decimal(amount)
        factor: int = 10 ** max(-own, 0)
        return n * factor, max(own, 0)
    raise InvalidValue(f"an amount is a Decimal, an int or text, not a {type(amount).__name__}")
