"""W2, may this tenant use this: limits by plan and feature, tenants with their plans, dated limits of their own."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import policyengine as pe
from workloads.data import FEATURES, Row

DECISION = "may_use"
BUNDLE = """\
policyengine: 1
bundle: may-use
version: 1.0.0
description: How much of a feature a tenant's plan allows, with limits of their own for some tenants.
currency: USD
timezone: UTC

types:
  Plan: {enum: [free, starter, pro, enterprise]}
  Feature: {enum: [FEATURES]}

inputs:
  account: string
  feature: Feature
  usage: {type: int, min: 0, max: 1_000_000_000}
  quantity: {type: int, min: 1, max: 1_000_000}

tables:
  tenants:
    when: {account: account}
    then: {plan: Plan}
    otherwise: error
    file: tenants.csv
  limits:
    when: {plan: tenants.plan, feature: feature}
    then: {limit: {type: int, min: 0, max: 1_000_000_000}}
    overridable: true
    file: limits.csv

values:
  left: limits.limit - usage
  reason: 'limits.limit == 0 ? "not_in_plan" : quantity > left ? "limit_exceeded" : "ok"'

decisions:
  may_use:
    outputs: {allowed: limits.limit > 0 && quantity <= left, limit: limits.limit, remaining: left, reason: reason}

overrides: [{file: own.csv}]
"""


def write(policy: Row, folder: Path) -> Path:
    """The bundle of one W2 policy, as files below a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bundle.yaml").write_text(BUNDLE.replace("FEATURES", ", ".join(FEATURES)), "utf-8")
    with (folder / "tenants.csv").open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["account", "plan"])
        lines.writerows(policy["tenants"].items())
    with (folder / "limits.csv").open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["id", "plan", "feature", "limit"])
        for plan, limits in policy["plans"].items():
            lines.writerows([f"{plan}/{feature}", plan, feature, limit] for feature, limit in limits.items())
    with (folder / "own.csv").open("w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file)
        lines.writerow(["id", "tenant", "from", "until", "reason", "name", "key", "column", "value"])
        for row in policy["overrides"]:
            key = f"{policy['tenants'][row['tenant']]}/{row['feature']}"
            dates = [row["valid_from"], row["valid_to"]]
            lines.writerow([row["id"], row["tenant"], *dates, "contract", "limits", key, "limit", row["limit"]])
    return folder


def asked(request: Row) -> tuple[dict[str, Any], str | None, object]:
    """What a request asks: its facts, its tenant and its instant."""
    facts = {name: request[name] for name in ("feature", "usage", "quantity")}
    facts["account"] = request["tenant"]
    return facts, request["tenant"], pe.Timestamp.parse(f"{request['at']}T00:00:00Z")


def same(outputs: Any, answer: Row) -> bool:
    """Whether an answer is the right one."""
    return all(outputs[name] == answer[name] for name in ("allowed", "limit", "remaining", "reason"))
