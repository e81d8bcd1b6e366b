"""Whether a tenant has a right at all: `has_access`, `degraded_check`, `value_validation`, `grant_*`, conversions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import policyengine as pe
from golden.asking import Ask, LeftOut, Translation
from golden.bundle_text import Raw
from golden.translate.entitled import (
    ANY_TIME,
    NAME,
    Section,
    absent,
    entitled,
    is_allowed,
    number,
    present,
    quantity,
)

TIMES = ("active_from", "active_to", "deleted_at")
PLACES = "12"
ENDLESS = "quotient_escapes"


def has_access(case: Mapping[str, Any]) -> Translation:
    """An entitlement of the model's type, within the times at which it is active."""
    model, given = case["model"], case["input"]
    times = {name: model[name] for name in TIMES if model.get(name) is not None}
    until = [name for name in ("active_to", "deleted_at") if name in times]
    effective = {"from": "active_from"} if "active_from" in times else {}
    effective |= {"until": until} if until else {}
    right = {**_kind(model), "effective": effective or None}
    inputs = dict.fromkeys(times, "timestamp") | {name: quantity() for name in ("granted", "usage")}
    facts = times | {name: number(given.get(name, "0")) for name in ("granted", "usage")}
    at = given.get("at", ANY_TIME)
    answer = yield Ask(entitled(right, inputs=inputs), NAME, facts, at=at)
    if ENDLESS in answer.codes:
        # A quotient without an end can not be shown. Cut to the grant's places it is on the same side of the grant.
        right["used"] = f"round({right['used']}, {PLACES}, floor)"
        answer = yield Ask(entitled(right, inputs=inputs), NAME, facts, at=at)
    found = dict(answer.outputs)
    renamed = {"has_access": is_allowed(answer), "usage": found.get("used"), "config": found.get("value")}
    if found.get("balance") == "unlimited":
        renamed["balance"] = "0"  # how the cases write what is left of something without a limit
    return {**found, **renamed}


def _kind(model: Mapping[str, Any]) -> Section:
    match model["type"]:
        case "none":
            return {"allow": False}
        case "boolean":
            return {"allow": True}
        case "static":
            config = model.get("config")
            return {"value": {key: _literal(value) for key, value in config.items()}} if config else {"allow": True}
        case "metered":
            used = f"usage / {model['unit_divisor']}" if model.get("unit_divisor") else "usage"
            return {
                "limit": Raw("unlimited") if model.get("unlimited") else "granted",
                "used": used,
                "when_exceeded": "grace" if model.get("soft_limit") else "block",
            }
    raise LeftOut(f"an entitlement of type {model['type']}")


def _literal(value: Any) -> Raw:
    """A value of a case as an expression: a text in quotes, the rest as it is written."""
    if isinstance(value, str):
        return Raw(f"'\"{value}\"'")
    return Raw(str(value).lower() if isinstance(value, bool) else str(value))


def grant_state(case: Mapping[str, Any]) -> Translation:
    """A quota and its usage; the code of the refusal is the status."""
    section: Section = {"limit": "quota", "used": "usage", "when_exceeded": "block", "otherwise": {"code": "exhausted"}}
    text = entitled(section, inputs={"quota": quantity(), "usage": quantity()})
    facts = {"quota": number(case["model"]["quota"]), "usage": number(case["input"]["usage"])}
    answer = yield Ask(text, NAME, facts)
    return {**answer.outputs, "status": answer.outputs["code"] or "active"}


def grant_validation(case: Mapping[str, Any]) -> Translation:
    """A grant has a quota, a usage that is not negative, and ends after it begins."""
    grant = case["input"]["grant"]
    times, amounts = ("valid_from", "valid_to"), ("quota", "usage")
    section: Section = {"allow": "quota > 0 && usage >= 0 && valid_from < valid_to"}
    inputs: Section = {**dict.fromkeys(times, "timestamp"), **dict.fromkeys(amounts, "decimal")}
    facts = {name: grant[name] for name in times} | {name: number(grant[name]) for name in amounts}
    answer = yield Ask(entitled(section, inputs=inputs), NAME, facts)
    return {"valid": is_allowed(answer)}


def grant_duration(case: Mapping[str, Any]) -> Translation:
    """Units of a fixed length are rows of a table; any other has none."""
    model, given = case["model"], case["input"]
    seconds = {"hour": "3_600", "day": "86_400", "week": "604_800"}
    rows = [
        {"id": unit, "unit": unit, "seconds": Raw(seconds[unit]), "is_fixed": True} for unit in model["fixed_units"]
    ]
    tables = {
        "length": {
            "when": {"unit": "unit"},
            "then": {"seconds": "int", "is_fixed": "bool"},
            "rows": rows,
            "otherwise": {"seconds": Raw("0"), "is_fixed": False},
        }
    }
    section: Section = {
        "when": "count > 0 && length.is_fixed",
        "value": "count * length.seconds",
        "otherwise": {"code": "invalid_duration"},
    }
    inputs: Section = {"count": {"type": "int", "min": Raw("-1_000_000"), "max": Raw("1_000_000")}, "unit": "string"}
    text = entitled(section, inputs=inputs, tables=tables)
    answer = yield Ask(text, NAME, {"count": given["value"], "unit": given["unit"]})
    found = answer.outputs
    return {"seconds": found["value"]} if found["allowed"] else {"error": found["code"]}


def credit_conversion(case: Mapping[str, Any]) -> Translation:
    """What units of a feature ask of a pool of credits; a feature without a cost is an error, or costs 1."""
    model, given = case["model"], case["input"]
    rows = [{"id": name, "feature": name, "credits": number(cost)} for name, cost in model["cost"].items()]
    otherwise: Any = "error" if model["missing"] == "error" else {"credits": Raw("1")}
    if not rows:
        rows = [{"id": "unknown", "feature": "", "credits": Raw("1")}]
    tables = {
        "cost": {
            "when": {"feature": "feature"},
            "then": {"credits": "decimal"},
            "rows": rows,
            "otherwise": otherwise,
        }
    }
    section: Section = {
        "limit": Raw("unlimited"),
        "used": Raw("0"),
        "requested": "units * cost.credits",
        "when_exceeded": "block",
    }
    text = entitled(section, inputs={"feature": "string", "units": quantity()}, tables=tables)
    answer = yield Ask(text, NAME, {"feature": given["feature"], "units": number(given["units"])})
    if "no_match" in answer.codes:
        return {"error": "no_credit_cost"}
    return {"credits": answer.outputs["requested"]}


def degraded_check(case: Mapping[str, Any]) -> Translation:
    """The store of the balance could not be asked (retryable), or what it holds is nonsense (fatal)."""
    model = case["model"]
    effects = {"allow": "allow", "deny": "deny", "error": "fail"}
    section: Section = {
        "limit": Raw("100"),
        "used": "stored.map(one, one)[0]",
        "when_exceeded": "block",
        "on_error": {
            "unavailable": effects[model["on_retryable_failure"]],
            "other": effects[model["on_fatal_failure"]],
        },
    }
    text = entitled(section, inputs={"stored": {"list": quantity(), "max": Raw("1")}})
    stored: Any = pe.UNAVAILABLE if case["input"]["failure"] == "retryable" else []
    answer = yield Ask(text, NAME, {"stored": stored})
    if answer.decision is None:
        return {"error": "internal"}
    return {"allowed": is_allowed(answer), "balance": answer.outputs["balance"]}


def value_validation(case: Mapping[str, Any]) -> Translation:
    """Whether a value is of a privilege's type; one that is not there always is."""
    model, value = case["model"], case["input"]["value"]
    kinds = {bool: "bool", int: "int", str: "string", type(None): "string"}
    its = kinds[type(value)]
    options = model.get("options") or []
    allow: Any = Raw(str(_fits(model["value_type"], its)).lower())
    sections: Section = {}
    if its == "string" and model["value_type"] in ("boolean", "select"):
        words = ["true", "false"] if model["value_type"] == "boolean" else options
        allow = f"value in {_texts(words)}"
    if its == "string" and model["value_type"] == "integer":
        rows = [{"id": "whole", "value": {"matches": "^(0|-?[1-9][0-9]*)$"}, "valid": True}]
        when, then = {"value": "value"}, {"valid": "bool"}
        sections["tables"] = {"number": {"when": when, "then": then, "rows": rows, "otherwise": {"valid": False}}}
        allow = "number.valid"
    code = "not_in_options" if model["value_type"] == "select" else "invalid"
    section: Section = {"precedence": ["given"], "allow": {"given": "checked"}, "otherwise": {"code": code}}
    values = {"checked": {"when": "has(value)", "value": allow, "otherwise": True}}
    text = entitled(section, inputs={"value": absent(its)}, values=values, **sections)
    answer = yield Ask(text, NAME, present({"value": value}))
    found = answer.outputs
    return {"valid": found["allowed"], "reason": found["code"]}


def _fits(value_type: str, its: str) -> bool:
    """Whether every value of this kind is of the type."""
    return (value_type, its) in (("boolean", "bool"), ("integer", "int"), ("string", "string"))


def _texts(words: list[str]) -> str:
    quoted = ", ".join(f'"{word}"' for word in words)
    return f"[{quoted}]"
