"""The models say the same as the schema: names, required fields and fixed words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from policyengine.language import charges, model, parts, proration, retries, schema, yaml
from policyengine.source import Report, Source

DEFS: dict[str, Any] = schema.document("bundle")["$defs"]
CHARGES = ("flat", "per_unit", "package", "tiered", "percentage", "tiered_percentage", "pass_through", "sum")
CHARGE_PROPERTIES = {name for kind in CHARGES for name in DEFS[f"{kind}_charge"]["properties"]}
JITTER = DEFS["retry_class"]["properties"]["jitter"]
PRORATIONS = ("by_second", "by_day", "by_fraction")
PRORATION_PROPERTIES = {name for kind in PRORATIONS for name in DEFS[f"proration_{kind}"]["properties"]}

# Schema definition -> the model, what the model calls otherwise, and what it takes from elsewhere.
PAIRS: list[tuple[set[str], type[model.Part], dict[str, str], set[str]]] = [
    (set(DEFS["parameter"]["properties"]), model.Parameter, {}, {"name", "at"}),
    (set(DEFS["table"]["properties"]), model.Table, {}, {"name", "at", "file_at"}),
    (set(DEFS["value_with_attributes"]["properties"]), model.NamedValue, {"sort": "each"}, {"name", "at"}),
    (CHARGE_PROPERTIES, charges.Charge, {"sort": "each"}, {"name", "at"}),
    (PRORATION_PROPERTIES, proration.Proration, {"sort": "each", "at": "change_at"}, {"name", "at"}),
    (set(DEFS["ratio"]["properties"]), proration.Ratio, {}, {"at"}),
    (set(DEFS["refund_of"]["properties"]), proration.RefundOf, {}, {"at"}),
    (set(DEFS["behavior"]["then"]["properties"]), proration.ByDirection, {}, set()),
    (set(DEFS["guard"]["properties"]), model.Guard, {}, {"name", "at"}),
    (
        set(DEFS["plain_decision"]["properties"]) | set(DEFS["repeated_decision"]["properties"]),
        model.Decision,
        {"sort": "each"},
        {"name", "at"},
    ),
    (
        set(DEFS["retry"]["properties"]),
        retries.Retry,
        {"class": "class_of", "finally": "final"},
        {"name", "at"},
    ),
    (set(DEFS["retry_class"]["properties"]), retries.RetryClass, {"finally": "final"}, {"name", "at"}),
    (set(DEFS["budget"]["properties"]), retries.Budget, {"description": "at"}, {"at"}),
    (
        set(DEFS["retry_class"]["properties"]["jitter"]["properties"]),
        retries.Jitter,
        {"from": "low", "to": "high"},
        {"at"},
    ),
    (set(DEFS["account"]["properties"]), model.Table, {}, {"name", "at", "file_at", "then"}),
    (set(DEFS["tax"]["properties"]), charges.Tax, {}, {"at"}),
    (set(DEFS["discount"]["properties"]), charges.Discount, {"description": "at"}, {"at"}),
    (set(DEFS["credit"]["properties"]), charges.Credit, {"description": "at"}, {"at"}),
    (set(DEFS["commitment"]["properties"]), charges.Commitment, {}, {"at"}),
    (set(DEFS["quantity_transform"]["properties"]), charges.Transform, {}, {"at"}),
    (set(DEFS["round"]["properties"]), model.Round, {}, set()),
    (set(DEFS["overridable"]["properties"]), parts.Overridable, {}, set()),
    (set(DEFS["on_error"]["properties"]), model.OnError, {}, set()),
    (set(DEFS["check"]["properties"]), model.Check, {}, {"at"}),
    (set(DEFS["override"]["properties"]), model.Override, {"effective": "start"}, {"at", "end"}),
    (set(DEFS["test"]["properties"]), model.Test, {"at": "time"}, {"at"}),
]


@pytest.mark.parametrize(("written", "part", "renamed", "own"), PAIRS, ids=lambda p: getattr(p, "__name__", ""))
def test_a_model_has_the_fields_of_its_schema(
    written: set[str], part: type[model.Part], renamed: dict[str, str], own: set[str]
) -> None:
    """What authors may write is read, and nothing is read that they may not write."""
    assert {renamed.get(name, name) for name in written} | own == set(part.model_fields)


REQUIRED = [
    ("parameter", model.Parameter),
    ("guard", model.Guard),
    ("budget", retries.Budget),
    ("tax", charges.Tax),
    ("ratio", proration.Ratio),
    ("refund_of", proration.RefundOf),
    ("commitment", charges.Commitment),
    ("round", model.Round),
    ("check", model.Check),
]


@pytest.mark.parametrize(("name", "part"), REQUIRED)
def test_required_fields_are_the_same(name: str, part: type[model.Part]) -> None:
    """What the schema requires has no default in the model, and the other way round."""
    required = {field for field, info in part.model_fields.items() if info.is_required()} - {"name", "at"}

    assert set(DEFS[name]["required"]) == required


GOOD = sorted((Path(__file__).parents[1] / "cases" / "good").glob("*.yaml"))


@pytest.mark.parametrize("path", GOOD, ids=lambda p: p.stem)
def test_what_the_schema_lets_through_builds(path: Path) -> None:
    """A document that passes the schema never makes the models complain."""
    report = Report()
    root = yaml.parse(Source(path.name, path.read_text(encoding="utf-8")), report)
    assert root is not None
    schema.check(root, report, manifest=True)

    made = model.build(root, [], report)

    assert [] == report.errors
    assert set(made.charges) == set(root.entries["charges"].value.entries if "charges" in root.entries else ())
