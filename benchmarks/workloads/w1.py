"""W1, price a call: a bundle with a price table and its contracts in CSV, and how a request becomes its facts."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import policyengine as pe
from workloads.data import Row

AT = pe.Timestamp.parse("2026-07-01T00:00:00Z")
DECISION = "price_call"
BUNDLE = """\
policyengine: 1
bundle: price-a-call
version: 1.0.0
description: What a call of a model costs, by tiers of the month's tokens, with free tokens and contracts.
currency: currency
timezone: UTC

types:
  Plan: {enum: [free, starter, pro, enterprise]}

inputs:
  model: string
  token_type: {enum: [input, output, cached_input, cache_write, reasoning]}
  plan: Plan
  currency: {enum: [USD, EUR, JPY, KWD]}
  quantity: {type: int token, min: 0, max: 1_000_000_000}
  month_quantity: {type: int token, min: 0, max: 1_000_000_000}

parameters:
  free_quota: {type: int token, value: {plan: {free: 100_000, starter: 1_000_000, otherwise: 0}}}

tables:
  price:
    when: {model: model, token_type: token_type}
    then: {tiers: {up_to: int token, unit_amount: money / 1_000_000 token}}
    otherwise: error
    overridable: true
    file: prices.csv

charges:
  call:
    charge_model: tiered
    mode: graduated
    quantity: quantity
    already_rated: month_quantity
    free_quantity: free_quota
    tiers: price.tiers
    round: {places: currency, mode: half_up}

decisions:
  price_call:
    outputs: {amount: call.amount, lines: call.lines}

overrides: [{file: contracts.csv}]
"""


def write(policy: Row, folder: Path) -> Path:
    """The bundle of one W1 policy, as files below a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bundle.yaml").write_text(BUNDLE, "utf-8")
    with (folder / "prices.csv").open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["id", "model", "token_type", "up_to", "unit_amount"])
        for row in policy["prices"]:
            lines.writerows([row["id"], row["model"], row["token_type"], *tier] for tier in _tiers(row))
    with (folder / "contracts.csv").open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["id", "tenant", "from", "reason", "name", "key", "column", "up_to", "unit_amount"])
        for row in policy["overrides"]:
            own = [row["id"], row["tenant"], "2026-01-01", "contract", "price", row["row"], "tiers"]
            lines.writerows([*own, *tier] for tier in _tiers(row))
    return folder


def write_flat(policy: Row, folder: Path) -> Path:
    """A bundle in which each price of a W1 policy is one line: the amount of its first tier, without contracts."""
    folder.mkdir(parents=True, exist_ok=True)
    text = BUNDLE.replace("{tiers: {up_to: int token, unit_amount: money / 1_000_000 token}}", "{rate: RATE}")
    text = text.replace("RATE", "money / 1_000_000 token").replace("    overridable: true\n", "")
    text = text.replace("    charge_model: tiered\n    mode: graduated\n", "    charge_model: per_unit\n")
    text = text.replace("    tiers: price.tiers\n", "    unit_amount: price.rate\n")
    (folder / "bundle.yaml").write_text(text.replace("\noverrides: [{file: contracts.csv}]\n", ""), "utf-8")
    with (folder / "prices.csv").open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["id", "model", "token_type", "rate"])
        for row in policy["prices"]:
            lines.writerow([row["id"], row["model"], row["token_type"], row["tiers"][0]["per_million"]])
    return folder


def _tiers(row: Row) -> Iterator[tuple[str, str]]:
    for tier in row["tiers"]:
        yield "" if tier["up_to"] is None else str(tier["up_to"]), tier["per_million"]


def asked(request: Row) -> tuple[dict[str, Any], str | None, object]:
    """What a request asks: its facts, its tenant and its instant."""
    return {name: value for name, value in request.items() if name != "tenant"}, request["tenant"], AT


def same(outputs: Any, answer: Row) -> bool:
    """Whether an answer is the right one."""
    return bool(outputs["amount"] == answer["amount"])
