"""The rules of a bundle's releases: who has which role, and how many approvals of which roles an activation needs.

Rules are data, as an event has them: amounts are exact decimals as text. What cannot be told counts as the worse case:
an impact that was not measured exceeds every amount.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from policyengine.errors import InvalidInput
from policyengine.registry import scopes
from policyengine.registry.scopes import Scope
from policyengine.values.currencies import CURRENCIES
from policyengine.values.invalid import InvalidValue, did_you_mean
from policyengine.values.number_text import decimal_text, parse_plain

OWNER = "owner"
"""The role that puts other rules into force."""
KEYS = ("roles", "approvals", "narrow", "impact")

Roles = Mapping[str, frozenset[str]]
Approvals = Mapping[str, int]
"""How many approvals of which role."""
Impact = Mapping[str, str]
"""What a change costs on recorded usage: the change by currency, as text. None where it was not measured."""


@dataclass(frozen=True, slots=True)
class Narrow:
    """What narrow scopes need instead: a share of at most `percent`, and one tenant if `tenant` says so."""

    percent: Fraction
    tenant: bool
    approvals: Approvals

    def holds(self, steps: Sequence[Scope]) -> bool:
        """Whether all steps are as narrow as that; of tenants it is one."""
        return sum(scope.kind == "tenant" for scope in steps) <= 1 and all(map(self._is_narrow, steps))

    def _is_narrow(self, scope: Scope) -> bool:
        if scope.kind == "tenant":
            return self.tenant
        return scope.kind == "percent" and Fraction(scope.name) <= self.percent


@dataclass(frozen=True, slots=True)
class Limit:
    """What is needed, too, where the impact in a currency exceeds an amount, upwards or downwards."""

    over: Fraction
    currency: str
    approvals: Approvals


@dataclass(frozen=True, slots=True)
class Rules:
    """Rules that were checked; made by `of` only."""

    roles: Roles
    approvals: Approvals
    narrow: Narrow | None
    limits: tuple[Limit, ...]
    data: Mapping[str, Any]
    """As an event has them."""

    def needed(self, steps: Sequence[Scope], impact: Impact | None) -> Approvals:
        """How many approvals of which roles an activation needs; of each role the most that anything asks for."""
        is_narrow = self.narrow is not None and self.narrow.holds(steps)
        needed = dict(self.narrow.approvals if self.narrow is not None and is_narrow else self.approvals)
        for limit in self.limits:
            if self._exceeds(limit, impact):
                for role, count in limit.approvals.items():
                    needed[role] = max(count, needed.get(role, 0))
        return needed

    def _exceeds(self, limit: Limit, impact: Impact | None) -> bool:
        if impact is None:
            return True
        known = {each.currency for each in self.limits}
        if any(Fraction(change) for currency, change in impact.items() if currency not in known):
            return True  # no limit speaks of this currency, so nobody has said that it is little
        return abs(Fraction(impact.get(limit.currency, "0"))) > limit.over


def of(said: Any) -> Rules:
    """Rules from what was written. Raises InvalidInput with the place of what is wrong."""
    given = _mapping(said, "", KEYS)
    roles = {
        _name(role, "roles"): _people(people, f"roles.{role}")
        for role, people in _mapping(given.get("roles"), "roles").items()
    }
    if OWNER not in roles:
        raise InvalidInput("somebody must be an `owner`", "roles", "only an owner can put other rules into force")
    if "approvals" not in given:
        raise InvalidInput("is required", "approvals", "say how many of which roles: {pricing: 1}")
    approvals = _approvals(given["approvals"], "approvals", roles)
    narrow = None if given.get("narrow") is None else _narrow(given["narrow"], roles)
    listed = given.get("impact")
    listed = [] if listed is None else listed
    if not isinstance(listed, list):
        raise InvalidInput("is a list", "impact", "write it as [{over: 1000, currency: USD, approvals: {finance: 1}}]")
    limits = tuple(_limit(each, f"impact.{number}", roles) for number, each in enumerate(listed, start=1))
    data = {
        "roles": {role: sorted(people) for role, people in roles.items()},
        "approvals": dict(approvals),
        "narrow": None if narrow is None else _narrow_data(narrow),
        "impact": [_limit_data(limit) for limit in limits],
    }
    return Rules(roles, approvals, narrow, limits, data)


def _narrow(said: Any, roles: Roles) -> Narrow:
    given = _mapping(said, "narrow", ("percent", "tenant", "approvals"))
    percent, tenant = given.get("percent"), given.get("tenant", False)
    if type(tenant) is not bool:
        raise InvalidInput("is true or false", "narrow.tenant")
    if "approvals" not in given:
        raise InvalidInput("is required", "narrow.approvals", "{} where a narrow scope needs none")
    share = Fraction(0) if percent is None else Fraction(scopes.percent(_amount_text(percent, "narrow.percent")).name)
    return Narrow(share, tenant, _approvals(given["approvals"], "narrow.approvals", roles))


def _narrow_data(narrow: Narrow) -> dict[str, Any]:
    percent = decimal_text(narrow.percent.numerator, narrow.percent.denominator) if narrow.percent else None
    return {"percent": percent, "tenant": narrow.tenant, "approvals": dict(narrow.approvals)}


def _limit(said: Any, at: str, roles: Roles) -> Limit:
    given = _mapping(said, at, ("over", "currency", "approvals"))
    for key in ("over", "currency", "approvals"):
        if key not in given:
            raise InvalidInput("is required", f"{at}.{key}")
    over = Fraction(_amount_text(given["over"], f"{at}.over"))
    if over < 0:
        raise InvalidInput("is less than nothing", f"{at}.over", "a change counts without its sign")
    code = _name(given["currency"], f"{at}.currency")
    if code not in CURRENCIES and code != "money":
        raise InvalidInput(f"unknown currency `{code}`", f"{at}.currency", did_you_mean(code, CURRENCIES))
    return Limit(over, code, _approvals(given["approvals"], f"{at}.approvals", roles))


def _limit_data(limit: Limit) -> dict[str, Any]:
    over = decimal_text(limit.over.numerator, limit.over.denominator)
    return {"over": over, "currency": limit.currency, "approvals": dict(limit.approvals)}


def _mapping(said: Any, at: str, known: tuple[str, ...] | None = None) -> Mapping[str, Any]:
    if not isinstance(said, Mapping) or not all(isinstance(key, str) for key in said):
        raise InvalidInput("is not written as names with their values", at or "rules")
    if known is not None and (unknown := [key for key in said if key not in known]):
        raise InvalidInput(f"`{unknown[0]}` is not known", at or "rules", f"one of {', '.join(known)}")
    return said


def _approvals(said: Any, at: str, roles: Roles) -> Approvals:
    given = _mapping(said, at, tuple(roles))
    for role, count in given.items():
        if type(count) is not int or count < 1:
            raise InvalidInput(
                "is not a number of approvals",
                f"{at}.{role}",
                "a whole number from 1; leave out a role that need not approve",
            )
        if count > len(roles[role]):
            raise InvalidInput(f"only {len(roles[role])} people have this role", f"{at}.{role}")
    return dict(given)


def _people(said: Any, at: str) -> frozenset[str]:
    if not isinstance(said, list) or not said:
        raise InvalidInput("is not a list of people", at, "write it as [ada, bob]")
    people = [_name(each, at) for each in said]
    if len(set(people)) != len(people):
        raise InvalidInput("names somebody twice", at)
    return frozenset(people)


def _name(said: Any, at: str) -> str:
    if not isinstance(said, str) or not said or not said.isprintable():
        raise InvalidInput(f"`{said}` is no name", at)
    return said


def _amount_text(said: Any, at: str) -> str:
    """An exact decimal: as text, as a whole number, or as a decimal with the digits that were written."""
    if isinstance(said, Decimal):
        said = format(said, "f")
    if type(said) is int:
        said = str(said)
    if not isinstance(said, str):
        raise InvalidInput("is no exact number", at, 'write it as "1000.00"')
    try:
        return decimal_text(*parse_plain(said))
    except InvalidValue as fault:
        raise InvalidInput(fault.message, at, fault.hint) from None
