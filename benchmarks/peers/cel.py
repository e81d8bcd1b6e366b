"""What is written around every CEL engine, over two functions of it: compile a text, and run it over variables."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from workloads.data import Row

from peers import cel_text, rows

Run = Callable[[Mapping[str, Any]], Any]
Compile = Callable[[str, Sequence[str]], Run]
"""From a text, and the variables that it reads, to what runs it."""


class PriceCall:
    """W1: the row is looked up here, the rest is CEL."""

    def __init__(self, policy: Row, compiled: Compile, let: cel_text.Let) -> None:
        self.prices = rows.Prices(policy, rows.hundredths, bands=4)
        self.run = compiled(cel_text.price_call(let), ("request", "row", "grant", "unit"))
        self.unit = {code: 10 ** (8 - places) for code, places in policy["currencies"].items()}

    def decide(self, request: Row) -> Row:
        row, grant = self.prices.find(request)
        currency = request["currency"]
        found = self.run({"request": request, "row": row, "grant": grant, "unit": self.unit[currency]})
        amount = Decimal(int(found["amount"])).scaleb(-self.prices.places[currency])
        return {"amount": amount, "lines": found["units"], "fired": rows.fired(row, grant, request)}


class MayUse:
    """W2: the plan and the limits are looked up here."""

    def __init__(self, policy: Row, compiled: Compile, let: cel_text.Let) -> None:
        self.limits = rows.Limits(policy)
        self.run = compiled(cel_text.may_use(let), ("request", "plan", "plan_limit", "own"))

    def decide(self, request: Row) -> Row:
        plan, limit, own = self.limits.find(request)
        found = self.run({"request": request, "plan": plan, "plan_limit": limit, "own": own})
        return {**found, "allowed": found["reason"] == "ok"}


class Bill:
    """W3: the steps, some at once, since an engine limits how deep an expression is."""

    def __init__(self, policy: Row, compiled: Compile, let: cel_text.Let, at_once: int) -> None:
        steps = list(cel_text.bill(policy).items())
        self.steps = []
        for begin in range(0, len(steps), at_once):
            text = cel_text.in_one(dict(steps[begin : begin + at_once]), let)
            known = ["request", *(name for name, _ in steps[:begin])]
            reads = [name for name in known if re.search(rf"\b{name}\b", text)]
            self.steps.append((reads, compiled(text, reads)))

    def decide(self, request: Row) -> Row:
        cents = rows.hundredths(request["credit_balance"])
        found: dict[str, Any] = {"request": {**request, "credit_balance": cents}}
        for reads, run in self.steps:
            found |= run({name: found[name] for name in reads})
        amount = Decimal(int(found["total"])).scaleb(-2)
        return {"amount": amount, "status": found["status"], "account": found["account"], "trace": found}
