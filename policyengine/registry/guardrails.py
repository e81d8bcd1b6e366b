"""Guardrails of a version that answers a few tenants first: its limits, and whether it has broken one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from policyengine.errors import InvalidInput
from policyengine.registry import scopes
from policyengine.registry.comparing import Tally
from policyengine.registry.events import Event
from policyengine.registry.scopes import Scope
from policyengine.values.invalid import InvalidValue
from policyengine.values.money import Money
from policyengine.values.number_text import decimal_text, parse_plain

AFTER = 200
"""How many decisions are compared before shares of them are judged, unless somebody says otherwise."""
KEYS = ("max_differing", "max_errors", "max_money", "after")


@dataclass(frozen=True, slots=True)
class Guardrails:
    """What a canary may do: shares in percent of the compared decisions, and money by currency; None is no limit.

    Shares are judged once `after` decisions were compared; money, which only grows, at once.
    """

    differing: Fraction | None = None
    errors: Fraction | None = None
    money: tuple[Money, ...] = ()
    after: int = AFTER

    @classmethod
    def read(cls, said: Any) -> Guardrails:
        """From JSON: `{"max_differing": "2%", "max_money": ["100 USD"], "max_errors": "0.1%", "after": 200}`.

        Raises InvalidInput.
        """
        if not isinstance(said, Mapping) or (unknown := [key for key in said if key not in KEYS]):
            what = f"`{unknown[0]}` is no guardrail" if isinstance(said, Mapping) else "guardrails are an object"
            raise InvalidInput(what, "guardrails", f"write {', '.join(KEYS)}")
        amounts = said.get("max_money", ())
        after = said.get("after", AFTER)
        if type(after) is not int or after < 1:
            raise InvalidInput(f"`{after}` is no number of decisions", "after", "a whole number, at least 1")
        if isinstance(amounts, str) or not isinstance(amounts, list | tuple):
            raise InvalidInput("is a list of amounts", "max_money", 'write it as ["100 USD"]')
        money = tuple(_amount(each) for each in amounts)
        if len({each.currency for each in money}) != len(money):
            raise InvalidInput("names a currency twice", "max_money")
        found = cls(_percent(said, "max_differing"), _percent(said, "max_errors"), money, after)
        if found.differing is None and found.errors is None and not money:
            raise InvalidInput("there is no limit in them", "guardrails", "give max_differing, max_errors or max_money")
        return found

    def as_json(self) -> dict[str, Any]:
        """As an event has them: texts, exactly."""
        shares = {"max_differing": self.differing, "max_errors": self.errors}
        found: dict[str, Any] = {name: f"{_text(share)}%" for name, share in shares.items() if share is not None}
        if self.money:
            found["max_money"] = [str(each) for each in self.money]
        return {**found, "after": self.after}

    def breach(self, tally: Tally) -> str:
        """Which guardrail is broken, with its figures; nothing where none is."""
        sums = tally.money() if self.money else {}
        for limit in self.money:
            found = sums.get(limit.currency)
            if found is not None and found > limit.to_decimal():
                return (
                    f"guardrail max_money: the amounts of {tally.compared} compared decisions differ by"
                    f" {found:f} {limit.currency}, and at most {limit} are allowed"
                )
        if tally.compared < self.after:
            return ""
        return _over("max_differing", "differ", tally.differing, tally.compared, self.differing) or _over(
            "max_errors", "fail where they did not before", tally.failed_candidate, tally.compared, self.errors
        )


def of_event(event: Event) -> Guardrails | None:
    """The guardrails of an activation; None where it has none, or none that can be read."""
    said = event.data.get("guardrails")
    if event.kind != "activated" or said is None:
        return None
    try:
        return Guardrails.read(said)
    except InvalidInput:  # written by another version of this package
        return None


def check_guardrails(guardrails: Guardrails | None, narrowest: Scope) -> None:
    """Raises InvalidInput where there is nobody whom they are for."""
    if guardrails is not None and narrowest == scopes.ALL:
        hint = "give a tenant, a cohort or a share"
        raise InvalidInput("are for some tenants: for everyone there is no other answer", "guardrails", hint)


def _over(name: str, what: str, count: int, compared: int, limit: Fraction | None) -> str:
    if limit is None or Fraction(100 * count, compared) <= limit:
        return ""
    share = Fraction(10_000 * count // compared, 100)
    return (
        f"guardrail {name}: {count} of {compared} compared decisions {what} ({_text(share)} %),"
        f" and at most {_text(limit)} % are allowed"
    )


def _text(share: Fraction) -> str:
    return decimal_text(share.numerator, share.denominator)


def _percent(said: Mapping[str, Any], name: str) -> Fraction | None:
    text = said.get(name)
    if text is None:
        return None
    try:
        share = Fraction(*parse_plain(str(text).removesuffix("%").strip()))
    except InvalidValue:
        share = Fraction(-1)
    if not 0 <= share <= 100:
        raise InvalidInput(f"`{text}` is no share", name, "write it as 2% or 0.1%")
    return share


def _amount(text: Any) -> Money:
    number, _, currency = str(text).strip().partition(" ")
    try:
        found = Money.of(number, currency.strip())
    except InvalidValue as fault:
        raise InvalidInput(f"`{text}` is no amount: {fault}", "max_money", "write it as 100 USD") from None
    if found.amount_minor < 0:
        raise InvalidInput(f"`{text}` is less than nothing", "max_money")
    return found


def texts(differing: str | None, money: Iterable[str], errors: str | None, after: int | None) -> dict[str, Any]:
    """Options as the JSON of guardrails, without those that were not given."""
    said = {"max_differing": differing, "max_money": list(money) or None, "max_errors": errors, "after": after}
    return {name: value for name, value in said.items() if value is not None}
