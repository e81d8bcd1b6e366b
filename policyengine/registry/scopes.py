"""For whom a version answers: everyone, a share of the tenants, a cohort or one tenant.

A tenant's share is a hash of the bundle and the tenant, so a tenant that is inside 5 % is inside 20 % too, and on every
machine. Where several scopes hold a tenant, the narrowest decides: tenant, then cohort, then share, then everyone; but
a share, and whatever has guardrails, is a step on the way to everyone, and a later activation for everyone ends it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from policyengine.errors import InvalidInput
from policyengine.frozen import frozen

NARROWEST_FIRST = ("tenant", "cohort", "percent", "all")
_SHARE = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")
STEPS = 10_000
"""A share is counted in hundredths of a percent."""


@frozen
class Scope:
    """`kind` is all, percent, cohort or tenant; `name` is the percentage, the cohort or the tenant."""

    kind: str
    name: str = ""

    def __str__(self) -> str:
        if self.kind == "percent":
            return f"{self.name} %"
        return f"{self.kind} {self.name}".strip() if self.kind != "all" else "everyone"

    def as_json(self) -> dict[str, str]:
        """As an event has it."""
        return {"kind": self.kind, "name": self.name}

    def holds(self, bundle: str, tenant: str | None, cohorts: Mapping[str, frozenset[str]]) -> bool:
        """Whether a tenant is in this scope; a decision without a tenant is in that of everyone only."""
        if self.kind == "all":
            return True
        if tenant is None:
            return False
        if self.kind == "tenant":
            return tenant == self.name
        if self.kind == "cohort":
            return tenant in cohorts.get(self.name, frozenset())
        return step_of(bundle, tenant) < Fraction(self.name) * STEPS / 100


ALL = Scope("all")


def tenant(name: str) -> Scope:
    """One tenant."""
    return Scope("tenant", _named(name, "tenant"))


def cohort(name: str) -> Scope:
    """The tenants of a cohort."""
    return Scope("cohort", _named(name, "cohort"))


def percent(share: str | int) -> Scope:
    """A share of the tenants in percent, with at most two places: `5` or `0.5`."""
    text = str(share)
    if not _SHARE.fullmatch(text):
        raise InvalidInput(f"{text[:60]!r} is no percentage", "percent", "write it as 5 or 0.25")
    value = Fraction(text)
    if not 0 < value <= 100 or (value * 100).denominator != 1:
        raise InvalidInput(f"`{text}` is no percentage", "percent", "more than 0, at most 100, at most two places")
    whole, rest = divmod(value * 100, 100)
    return Scope("percent", f"{whole}.{int(rest):02}".rstrip("0") if rest else str(whole))


def sample(text: str) -> str:
    """A share of the decisions in percent as an event has it: `10` for `10%`. Raises InvalidInput."""
    try:
        return percent(text.removesuffix("%").strip()).name
    except InvalidInput as fault:
        raise InvalidInput(fault.message, "sample", "write it as 10% or 0.5%") from None


def steps(given: Iterable[Scope]) -> tuple[Scope, ...]:
    """Scopes in the order in which a version may be given to them: from narrow to wide, each once."""

    def width(scope: Scope) -> tuple[int, Fraction, str]:
        return NARROWEST_FIRST.index(scope.kind), Fraction(scope.name if scope.kind == "percent" else 0), scope.name

    return tuple(sorted(set(given), key=width))


def steps_text(given: Iterable[Scope]) -> str:
    """Steps for a person: `5 %, then everyone`."""
    return ", then ".join(str(scope) for scope in given)


def from_json(said: Any) -> Scope:
    """The scope in an event; raises InvalidInput, KeyError or TypeError where it is none."""
    kind, name = said["kind"], said["name"]
    if kind == "all":
        return ALL
    made = {"tenant": tenant, "cohort": cohort, "percent": percent}
    return made[kind](name)


def step_of(bundle: str, tenant: str) -> int:
    """Where a tenant stands among the steps of a share, from 0."""
    return int.from_bytes(hashlib.sha256(f"{bundle}\0{tenant}".encode()).digest()[:8]) % STEPS


def _named(name: str, what: str) -> str:
    if type(name) is not str or not name or not name.isprintable():
        raise InvalidInput(f"{name!r} is no name of a {what}", what)
    return name
