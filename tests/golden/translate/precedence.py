"""Who says what a tenant has: plan and subscription, several parts of one limit, and which entitlement comes first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from golden.asking import Ask, LeftOut, Translation
from golden.bundle_text import Names, Raw, bundle
from golden.translate.entitled import (
    ANY_TIME,
    LARGEST,
    MANY,
    NAME,
    Section,
    absent,
    entitled,
    number,
    present,
    quantity,
)

# ----------------------------------------------------------------------------------------------------- plan and own


HIDING = ("removed_features", "deleted_features", "removed_privileges", "deleted_privileges")


def resolve(case: Mapping[str, Any]) -> Translation:
    """An entitlement for each privilege, of the subscription or else of the plan; a removal or a deletion hides it."""
    levels = case["model"]["precedence"]
    given = {**{level: {} for level in levels}, **{name: [] for name in HIDING}, **case["input"]}
    features: Section = {}
    for level in levels:
        for feature, privileges in given[level].items():
            features.setdefault(feature, {}).update(dict.fromkeys(privileges))
    names, sections, inputs, facts = Names("all"), {}, {}, {}
    for feature, privileges in features.items():
        shown = " && ".join(f'!("{feature}" in {listed})' for listed in HIDING[:2])
        sections[names[feature]] = {"allow": shown}
        for privilege in privileges:
            path = f"{feature}.{privilege}"
            own = " && ".join(f'!("{path}" in {listed})' for listed in HIDING[2:])
            for level in levels:
                inputs[names[f"{level} {path}"]] = absent("string")
                facts[names[f"{level} {path}"]] = given[level].get(feature, {}).get(privilege)
            sections[names[path]] = {
                "when": f"{shown} && {own}",
                "precedence": levels,
                "value": {level: names[f"{level} {path}"] for level in levels},
            }
    inputs |= {name: {"list": "string", "max": MANY} for name in HIDING}
    facts |= {name: given[name] for name in HIDING}
    if not sections:
        return {"features": {}}
    outputs = {name: Raw(f"{name}.allowed") for name in sections}
    outputs |= {f"{name}_value": f"{name}.?value" for name, section in sections.items() if "value" in section}
    text = bundle({"inputs": inputs, "entitlements": sections, "decisions": {"all": {"outputs": outputs}}})
    found = (yield Ask(text, "all", present(facts))).outputs
    answer: Section = {}
    for feature, privileges in features.items():
        if found[names[feature]]:
            answer[feature] = {
                privilege: {
                    "value": found[f"{names[f'{feature}.{privilege}']}_value"],
                    "override_value": facts[names[f"{levels[0]} {feature}.{privilege}"]],
                    "plan_value": facts[names[f"{levels[1]} {feature}.{privilege}"]],
                }
                for privilege in privileges
                if found[names[f"{feature}.{privilege}"]]
            }
    return {"features": answer}


# ------------------------------------------------------------------------------------------------------------- parts


def aggregate(case: Mapping[str, Any]) -> Translation:
    """One limit of several parts, or a pool for each."""
    mode, parts = case["model"]["mode"], case["input"]["parts"]
    if mode == "parallel":
        return (yield from _parallel(parts))
    part = {
        "limit": {"type": "limit", "min": Raw("0"), "max": LARGEST},
        "instances": {"type": "int", "min": Raw("0"), "max": Raw("1_000_000"), "default": Raw("1")},
        "enabled": {"type": "bool", "default": True},
        "override": {"type": "bool", "default": False},
    }
    section: Section = {"limit": "parts", "combine": mode, "used": Raw("0"), "when_exceeded": "block"}
    text = entitled(section, inputs={"parts": {"list": part, "max": Raw("100")}})
    facts = [{**part, "limit": _limit(part["limit"])} for part in parts]
    answer = yield Ask(text, NAME, {"parts": facts})
    found = answer.outputs["limit"]
    return {"limits": [None if found == "unlimited" else found]}


def _limit(text: str | None) -> Any:
    return "unlimited" if text is None else number(text)


def _parallel(parts: list[Mapping[str, Any]]) -> Translation:
    """Each part that is enabled is an entitlement of its own."""
    limits = []
    for part in parts:
        section: Section = {
            "when": "enabled",
            "limit": "given",
            "used": Raw("0"),
            "when_exceeded": "block",
        }
        given = {"type": "limit", "min": Raw("0"), "max": LARGEST}
        text = entitled(section, inputs={"enabled": "bool", "given": given})
        facts = {"enabled": part.get("enabled", True), "given": _limit(part["limit"])}
        found = (yield Ask(text, NAME, facts)).outputs["limit"]
        if found is not None:
            limits.append(None if found == "unlimited" else found)
    return {"limits": limits}


def aggregate_config(case: Mapping[str, Any]) -> Translation:
    """The values of all parts that are enabled, side by side: keys that collide are not merged."""
    if case["model"]["mode"] != "list":
        raise LeftOut(f"configurations in the mode {case['model']['mode']}")
    part = {"enabled": {"type": "bool", "default": True}, "config": {"map": "string", "default": {}}}
    sections = {
        "any": {"allow": "parts.exists(part, part.enabled)"},
        "configs": {"value": "parts.filter(part, part.enabled).map(part, part.config)"},
    }
    outputs = {"enabled": Raw("any.allowed"), "configs": Raw("configs.value")}
    inputs = {"parts": {"list": part, "max": MANY}}
    text = bundle({"inputs": inputs, "entitlements": sections, "decisions": {"all": {"outputs": outputs}}})
    answer = yield Ask(text, "all", {"parts": case["input"]["parts"]})
    return answer.outputs


# ------------------------------------------------------------------------------------------------- which comes first

ORDER = {
    "plan_backed": "!grant.plan_backed",
    "not plan_backed": "grant.plan_backed",
    "status_rank": "status_rank",
    "not add_on": "add_on",
    "add_on": "!grant.add_on",
    "oldest": "created_at",
    "newest": "-created_at",
    "id": "id",
}


def pick_source(case: Mapping[str, Any]) -> Translation:
    """The first of the candidates of a scope, as a grant that would be drawn first."""
    model = case["model"]
    candidate: Section = {
        "id": "string",
        "balance": quantity(default=Raw("1")),
        "entity_scoped": "bool",
        "add_on": "bool",
        "plan_backed": "bool",
        "status_rank": "int",
        "created_at": "int",
    }
    listed = {
        "customer": "candidates.filter(one, !one.entity_scoped)",
        "entity": "candidates",
    }
    unknown = [word for word in model["order"] if word not in ORDER]
    if unknown:
        raise LeftOut(f"candidates in the order {unknown}")
    first = ["!grant.entity_scoped"] if model["scope"] == "entity" else []
    # `created_at` of a candidate is a count of seconds; a grant's own field of that name is a time.
    renamed = {**candidate, "created": candidate["created_at"]}
    renamed.pop("created_at")
    order = [ORDER[word].replace("created_at", "created") for word in model["order"]]
    section: Section = {
        "grants": listed[model["scope"]],
        "draw_order": [*first, *order],
        "when_exceeded": "block",
    }
    text = entitled(section, inputs={"candidates": {"list": renamed, "max": MANY}})
    facts = [
        {"created" if key == "created_at" else key: value for key, value in each.items()}
        for each in case["input"]["candidates"]
    ]
    answer = yield Ask(text, NAME, {"candidates": facts}, at=ANY_TIME)
    return {"pick": answer.outputs["source"]}


def uniqueness(case: Mapping[str, Any]) -> Translation:
    """Entitlements of one feature and customer that are never active together; an empty time does not count."""
    one: Section = {
        "id": "string",
        "feature": "string",
        "customer": "string",
        "created_at": "timestamp",
        **{name: absent("timestamp") for name in ("active_from", "active_to", "deleted_at")},
    }
    begins = "has({0}.active_from) ? {0}.active_from : {0}.created_at"
    until = "has({0}.active_to) ? {0}.active_to : has({0}.deleted_at) ? {0}.deleted_at : {0}.created_at"
    endless = "!has({0}.active_to) && !has({0}.deleted_at)"
    dated = {"id": "one.id", "from": begins, "until": until, "endless": endless}
    dated = {name: text.format("one") for name, text in dated.items()}
    meets = "(b.endless || a.from < b.until) && (a.endless || b.from < a.until)"
    values = {
        "periods": {"each": "one in given", "value": dated},
        "real": "periods.items.filter(p, p.endless || p.from < p.until)",
        "pair": f"real.filter(a, real.exists(b, a.id != b.id && {meets})).map(a, a.id)",
    }
    same = {
        "different_features": "given.all(one, one.feature == given[0].feature)",
        "different_customers": "given.all(one, one.customer == given[0].customer)",
        "overlap": "size(pair) == 0",
    }
    sections = {f"no_{code}": {"allow": allow, "otherwise": {"code": code}} for code, allow in same.items()}
    inputs = {"given": {"list": one, "max": MANY}}
    decision = {"requires": list(sections), "outputs": {"pair": Raw("pair")}}
    text = bundle({"inputs": inputs, "values": values, "entitlements": sections, "decisions": {"all": decision}})
    answer = yield Ask(text, "all", {"given": [present(each) for each in case["input"]["entitlements"]]})
    assert answer.decision is not None or answer.outputs
    codes = answer.decision.codes if answer.decision else ()
    reason = codes[0] if codes else None
    return {"valid": not codes, "reason": reason, "pair": sorted(answer.outputs["pair"])}
