"""Cells of a large table are remembered: the second answer is the first one, for every form of key and any tenant."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from bundles import policy

import policyengine as pe
from policyengine.runtime.codegen import generator, table_writer
from policyengine.runtime.meaning import interpreter

SIZE = 300
assert SIZE > table_writer.REMEMBERED_MIN
SUMMER, WINTER = "2026-07-01T00:00:00Z", "2026-12-01T00:00:00Z"
BODY = """
inputs: {%s}
tables:
  price:
    when: {%s}
    then: {fee: money}
    otherwise: error
    overridable: true
    file: prices.csv
values: {charged: price.fee}
overrides:
  - {id: long, tenant: acme, effective: {from: 2026-01-01}, reason: a contract, set: {price: {r7: {fee: 1}}}}
  - {id: late, tenant: acme, effective: {from: 2026-10-01}, reason: a contract, set: {price: {r8: {fee: 2}}}}
  - {id: other, tenant: globex, effective: {from: 2026-01-01}, reason: a contract, set: {price: {r9: {fee: 3}}}}
"""
FORMS: dict[str, tuple[str, str, Callable[[int], dict[str, Any]]]] = {
    "a text": ("model: string", "model: model", lambda n: {"model": f"m{n}"}),
    "a number": ("size: {type: decimal, places: 1}", "size: size", lambda n: {"size": Decimal(n) / 2}),
    "two, one inside the other": (
        "model: string, kind: {enum: [a, b]}",
        "model: model, kind: kind",
        lambda n: {"model": f"m{n // 2}", "kind": "ab"[n % 2]},
    ),
    "two together": (
        "model: string, maker: string",
        "model: model, maker: maker",
        lambda n: {"model": f"m{n}", "maker": f"p{n}"},
    ),
    "three": (
        "model: string, maker: string, batch: bool",
        "model: model, maker: maker, batch: batch",
        lambda n: {"model": f"m{n}", "maker": f"p{n % 3}", "batch": n % 2 == 0},
    ),
}


def made(form: str) -> tuple[pe.Policy, Callable[[int], dict[str, Any]]]:
    inputs, when, asked = FORMS[form]
    rows = [[f"r{n}", *(str(v).lower() for v in asked(n).values()), f"{n}.25"] for n in range(SIZE)]
    head = ["id", *asked(0), "fee"]
    return policy(BODY % (inputs, when), prices="\n".join(map(",".join, [head, *rows])) + "\n"), asked


@pytest.mark.parametrize("form", FORMS)
def test_a_cell_is_the_same_however_often_it_is_asked(form: str) -> None:
    """Also for tenants whose overrides begin later, or are another tenant's."""
    prices, asked = made(form)
    entry = prices.program.entries["charged"]
    source = generator.source_of(prices.program, entry, interpreter.needed(prices.program, entry))
    assert "except KeyError: c = " in source, "nothing is remembered, so nothing is tested"

    for _ in range(3):
        for n in (0, 7, 8, 9, SIZE - 1):
            listed = Decimal(n) + Decimal("0.25")
            for tenant, at, own in (
                (None, SUMMER, {}),
                ("nobody", SUMMER, {}),
                ("acme", SUMMER, {7: 1}),
                ("acme", WINTER, {7: 1, 8: 2}),
                ("globex", WINTER, {9: 3}),
            ):
                found = prices.decide("charged", asked(n), tenant=tenant, at=at)
                assert own.get(n, listed) == found.value
                assert [f"price.r{n}"] == [r.path for r in found.rationale if r.kind == "row"]
                assert (n in own) == any(r.kind == "override" for r in found.rationale)


@pytest.mark.parametrize("form", FORMS)
def test_keys_without_a_row_fail_each_time(form: str) -> None:
    """And they take no memory: only what the table has is kept."""
    prices, asked = made(form)

    for n in (SIZE, SIZE + 2, SIZE):
        with pytest.raises(pe.EvaluationError) as found:
            prices.decide("charged", asked(n), tenant="acme", at=SUMMER)
        assert "no_match" == found.value.code
