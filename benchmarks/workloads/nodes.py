"""A bundle of any number of values, each read by the next, and the same steps as a hand-written function."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any

from workloads.data import Row

DECISION = "total"
HEAD = """\
policyengine: 1
bundle: many-values
version: 1.0.0
description: As many values as are wanted, in a row.
currency: USD
timezone: UTC

inputs:
  quantity: {type: int, min: 0, max: 1_000_000}

values:
"""
CENT = Decimal("0.01")


def write(nodes: int, seed: int = 3) -> tuple[str, Callable[[Row], Row]]:
    """The text of the bundle, and the function; both answer the amount of the last value."""
    random = Random(seed * 1_000_003 + nodes)
    bundle = ["  v0: quantity * 0.01 USD"]
    steps = ["v0 = request['quantity'] * Decimal('0.01')"]
    for number in range(1, nodes):
        name, last, other = f"v{number}", f"v{number - 1}", f"v{random.randrange(max(0, number - 20), number)}"
        cents = f"{random.randrange(1, 10_000) / 100:.2f}"
        match number % 4:
            case 0:
                bundle.append(f"  {name}: min({last} + {other} + {cents} USD, 100_000 USD)")
                steps.append(f"{name} = min({last} + {other} + Decimal('{cents}'), Decimal(100000))")
            case 1:
                rate = f"0.{random.randrange(50, 99)}"
                bundle.append(f"  {name}: {{value: {last} * {rate}, round: {{places: 2, mode: half_up}}}}")
                steps.append(f"{name} = ({last} * Decimal('{rate}')).quantize(CENT, ROUND_HALF_UP)")
            case 2:
                bundle.append(f"  {name}: '{last} > {cents} USD ? {last} - {cents} USD : {other}'")
                steps.append(f"{name} = {last} - Decimal('{cents}') if {last} > Decimal('{cents}') else {other}")
            case _:
                bundle.append(f"  {name}: max({last}, {other} - {cents} USD)")
                steps.append(f"{name} = max({last}, {other} - Decimal('{cents}'))")
        steps.append(f"trace.append(('{name}', {name}))")
    end = f"v{nodes - 1}"
    tail = f"\n\ndecisions:\n  {DECISION}:\n    outputs: {{amount: {end}}}\n"
    return HEAD + "\n".join(bundle) + tail, _function(steps, end)


def _function(steps: list[str], end: str) -> Callable[[Row], Row]:
    """The steps as an engineer writes them, with constants made once."""
    constants: dict[str, str] = {}
    lines = []
    for step in steps:
        while (begin := step.find("Decimal(")) >= 0:
            text = step[begin : step.index(")", begin) + 1]
            step = step.replace(text, constants.setdefault(text, f"C{len(constants)}"))
        lines.append(step)
    scope: dict[str, Any] = {"CENT": CENT, "ROUND_HALF_UP": ROUND_HALF_UP}
    scope |= {name: eval(text, {"Decimal": Decimal}) for text, name in constants.items()}
    body = "\n    ".join(["trace = []", *lines, f"return {{'amount': {end}, 'trace': trace}}"])
    exec(f"def decide(request):\n    {body}", scope)
    made: Callable[[Row], Row] = scope["decide"]
    return made


def requests(count: int, seed: int = 4) -> list[Row]:
    """Requests with any quantity."""
    random = Random(seed)
    return [{"quantity": random.randrange(1_000_000)} for _ in range(count)]
