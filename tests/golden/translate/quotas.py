"""Kind `quota`: operations on pools of credits, each asked with what the answer before it said is to be stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from golden.asking import Ask, Translation
from golden.bundle_text import Raw
from golden.translate.entitled import MANY, NAME, Section, entitled, number, present, quantity

SELF = "self"
LEVELS = ("entity", "customer")


def translate(case: Mapping[str, Any]) -> Translation:
    """One question an operation; a settled lock is asked again from before it, and what came after it again as well."""
    model = case["model"]
    state = _start(model)
    before, since, locked = state, [], None
    checks, required = [], []
    for op in case["input"]["ops"]:
        feature, units = op.get("feature", SELF), op["units"]
        match op["op"]:
            case "check":
                found = yield _ask(model, "refuse", state, feature, units)
                checks.append(found.outputs["allowed"])
                required.append(found.outputs["requested"])
            case "lock":
                found = yield _ask(model, "refuse", state, feature, units)
                checks.append(found.outputs["allowed"])
                required.append(found.outputs["requested"])
                if found.outputs["allowed"]:
                    before, since, locked = state, [], feature
                    state = _stored(found.outputs)
            case "track":
                found = yield _tracked(model, state, op)
                state = _stored(found.outputs)
                since = [*since, op]
            case "finalize" if locked is not None:
                state = before
                for later in since:
                    found = yield _tracked(model, state, later)
                    state = _stored(found.outputs)
                found = yield _ask(model, "clamp", state, op.get("feature", locked), units)
                state, since, locked = _stored(found.outputs), [], None
            case "set_usage":
                counters = state["counters"]
                found = yield _ask({**model, "windows": {}}, "overflow", _start(model), SELF, units)
                state = {**_stored(found.outputs), "counters": counters}
    last = yield _ask(model, "refuse", state, SELF, "0")
    return {"checks": checks, "required": required, **_shown(last.outputs)}


def _tracked(model: Mapping[str, Any], state: Section, op: Mapping[str, Any]) -> Ask:
    """Usage that has happened; where the case does not say what becomes of an excess, it is cut."""
    return _ask(model, op.get("on_excess", "clamp"), state, op.get("feature", SELF), op["units"])


def _start(model: Mapping[str, Any]) -> Section:
    pools = [
        {"id": f"pool {place}", "amount": number(held), "balance": number(held), "priority": place}
        for place, held in enumerate(model["balances"])
    ]
    return {"grants": pools, "overage": Raw("0"), "counters": []}


def _stored(found: Mapping[str, Any]) -> Section:
    return {"grants": found["draw"], "overage": found["overage"], "counters": found.get("windows", [])}


def _shown(found: Mapping[str, Any]) -> Section:
    return {
        "usage": found["used"],
        "remaining": found["balance"],
        "remaining_by_balance": [grant["balance"] for grant in found["draw"]],
        "window_used": {counter["id"]: counter["used"] for counter in found.get("windows", [])},
    }


def _ask(model: Mapping[str, Any], on_excess: str, state: Section, feature: str, units: str) -> Ask:
    control = model.get("overage_control", {})
    switches = {level: control.get(level) for level in LEVELS}
    facts = {
        **state,
        **present(switches),
        "plans": control.get("plans", []),
        "feature": feature,
        "units": number(units),
    }
    return Ask(_text(model, on_excess), NAME, facts)


def _text(model: Mapping[str, Any], on_excess: str) -> str:
    """The pools as grants, the price's and the customer's word on overage, and the windows."""
    costs = {SELF: "1", **model.get("credit_cost", {})}
    rows = [{"id": name, "feature": name, "credits": number(cost)} for name, cost in costs.items()]
    cost = {"when": {"feature": "feature"}, "then": {"credits": "decimal"}, "rows": rows, "otherwise": "error"}
    pool = {"id": "string", "amount": quantity("24"), "balance": quantity("24"), "priority": "int"}
    counter = {"id": "string", "used": quantity("24")}
    inputs: Section = {
        "feature": "string",
        "units": quantity(),
        "grants": {"list": pool, "max": MANY},
        "overage": quantity("24"),
        "counters": {"list": counter, "max": MANY},
        **{level: {"type": "bool", "optional": True} for level in LEVELS},
        "plans": {"list": "bool", "max": MANY},
    }
    overage = {
        "allow": model.get("native_overage", False),
        "control": {"entity": "entity", "customer": "customer", "plans": "plans"},
        "max_purchase": None if model.get("max_purchase") is None else number(model["max_purchase"]),
        "spend_limit": spend_limit(model.get("spend_limit")),
        "used": "overage",
    }
    section: Section = {
        "grants": "grants",
        "draw_order": ["priority"],
        "requested": "units * cost.credits",
        "when_exceeded": "overage",
        "on_excess": on_excess,
        "overage": present(overage),
        "windows": [_window(name, window) for name, window in model.get("windows", {}).items()] or None,
    }
    return entitled(section, inputs=inputs, tables={"cost": cost})


def spend_limit(stated: Mapping[str, Any] | None) -> Any:
    """A spend limit in units, or as a share of what is granted."""
    if stated is None:
        return None
    if stated["type"] == "percent_of_granted":
        return {"percent_of_granted": Raw(f"{stated['value']}%")}
    return number(stated["value"])


def _window(name: str, window: Mapping[str, Any]) -> Section:
    """A window on a feature counts its units, the one on the pool what is drawn from it."""
    made: Section = {"id": name, "limit": number(window["limit"]), "used": "counters"}
    return made if name == SELF else {**made, "requested": "units", "when": f'feature == "{name}"'}
