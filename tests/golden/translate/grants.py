"""Grants: the order in which they are drawn, when they are active, all-or-nothing draws, and burning them down."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from golden.asking import Answer, Ask, LeftOut, Translation
from golden.bundle_text import Raw
from golden.compare import AnyOf
from golden.translate.entitled import ANY_TIME, MANY, NAME, Section, absent, entitled, is_allowed, number, present
from golden.translate.entitled import quantity as counted

CATEGORIES = ("promotional", "granted", "paid", "purchased")
FIELDS: Section = {
    "priority": {"type": "int", "default": Raw("0")},
    "category": {"enum": list(CATEGORIES)},
    **{name: absent("timestamp") for name in ("effective_at", "expires_at", "voided_at", "deleted_at", "created_at")},
}
TIMES = ("effective_at", "expires_at", "voided_at", "deleted_at")


def _grants(case: Mapping[str, Any]) -> Section:
    """The type of the grants of a case: the fields that some of them have."""
    names = {name for grant in case["grants"] for name in grant} | set(case.get("tiebreak", []))
    names |= {"expires_at"} if "expires_at_seconds" in names else set()
    fields: Section = {"id": "string", "balance": counted(), "drawn": counted(default=Raw("0"))}
    fields |= {name: its for name, its in FIELDS.items() if name in names}
    if not all("category" in grant for grant in case["grants"]) and "category" in fields:
        fields["category"] = {**fields["category"], "optional": True}
    return {"grants": {"list": fields, "max": MANY}, "amount": counted()}


def _facts(case: Mapping[str, Any]) -> list[Section]:
    return [
        {
            "balance": number(grant.get("amount", "1")),
            **{name: value for name, value in grant.items() if name != "amount"},
        }
        for grant in case["grants"]
    ]


def order(case: Mapping[str, Any]) -> Translation:
    """The ids of grants in the order in which they are drawn."""
    section: Section = {"grants": "grants", "draw_order": case["tiebreak"], "when_exceeded": "block"}
    text = entitled(section, inputs=_grants(case))
    answer = yield Ask(text, NAME, {"grants": _facts(case), "amount": Raw("0")}, at=ANY_TIME)
    return {"order": [grant["id"] for grant in answer.outputs["draw"]]}


def draw(case: Mapping[str, Any]) -> Translation:
    """Draws one after another, each as a whole or not at all."""
    if case["overdraft"] != "reject":
        raise LeftOut(f"an overdraft by {case['overdraft']}")
    section: Section = {
        "grants": "grants",
        "draw_order": case["tiebreak"],
        "requested": "amount",
        "when_exceeded": "block",
        "on_excess": "refuse",
    }
    text, grants = entitled(section, inputs=_grants(case)), _facts(case)
    consumed, rejected = [], []
    for place, amount in enumerate(case["draws"]):
        answer = yield Ask(text, NAME, {"grants": grants, "amount": number(amount)}, at=ANY_TIME)
        grants = answer.outputs["draw"]
        if is_allowed(answer):
            consumed.append([[grant["id"], grant["drawn"]] for grant in grants if grant["drawn"]])
        else:
            rejected.append(place)
    remaining = {grant["id"]: grant["balance"] for grant in grants}
    return {"remaining": remaining, "consumed": consumed, "rejected": rejected}


def active_at(case: Mapping[str, Any]) -> Translation:
    """Whether anything can be drawn from a grant at an instant."""
    section: Section = {"grants": "grants", "when_exceeded": "block"}
    text = entitled(section, inputs=_grants(case))
    answer = yield Ask(text, NAME, {"grants": _facts(case), "amount": Raw("0")}, at=case["at"])
    return {"active": is_allowed(answer)}


def effective_period(case: Mapping[str, Any]) -> Translation:
    """From when until when a grant is active: an entitlement that lasts as long."""
    (grant,) = case["grants"]
    section: Section = {"allow": True, "effective": {"from": TIMES[0], "until": list(TIMES[1:])}}
    text = entitled(section, inputs={name: absent("timestamp") for name in TIMES})
    facts = {name: grant[name] for name in TIMES if name in grant}
    answer = yield Ask(text, NAME, facts, at=grant["effective_at"])
    return {"from": answer.outputs["active_from"], "to": answer.outputs["active_until"]}


# --------------------------------------------------------------------------------------------------------- burning

UNITS = {"D": "day", "W": "week", "M": "month", "Y": "year"}
_PERIOD = re.compile(r"P([0-9]+)([DWMY])|PT([0-9]+)H")


def run(case: Mapping[str, Any]) -> Translation:
    """Burn grants down; where the case says so, in two runs that must come to the same."""
    start = case["start"]
    text = _burning(case)
    facts = {
        "grants": [_grant(grant) for grant in case["grants"]],
        "usage": [{"at": event["at"], "amount": number(event["amount"])} for event in case.get("usage", [])],
        "resets": case.get("resets", []),
        "state": present(
            {
                "at": start["at"],
                **{name: number(start.get(name, "0")) for name in ("overage", "usage_in_period", "grant_usage")},
                "balances": _balances(start["balances"]),
            }
        ),
        "until": case["until"],
    }
    answer = yield Ask(text, NAME, facts)
    if answer.decision is None:
        return {"error": answer.codes[0]}
    again = yield Ask(text, NAME, facts)
    found = _found(answer)
    found["deterministic"] = again.outputs == answer.outputs
    if SPLIT & set(case.get("tags", [])):
        found["split_at"] = yield from _splits(case, text, facts, found)
    return found


SPLIT = {"split_equals_whole", "resume"}
HOURS = tuple(f"{tens}{ones}" for tens in "012" for ones in "0123456789" if f"{tens}{ones}" < "24")


def _splits(case: Mapping[str, Any], text: str, facts: Section, whole: Section) -> Translation:
    """The instants at which a run can stop and go on to the same end."""
    resets = case.get("resets", [])
    told = {event["at"] for event in case.get("usage", [])} | {case["start"]["at"], case["until"], *resets}
    told |= {grant[name] for grant in case["grants"] for name in TIMES if grant.get(name) is not None}
    instants = told | {f"{at.split('T')[0]}T{hour}:00:00Z" for at in told for hour in HOURS}
    resumed = _burning({**case, "start": {"balances": {}}})
    same = AnyOf()
    for at in sorted(instants):
        if not case["start"]["at"] < at < case["until"]:
            continue
        before = [reset for reset in resets if reset <= at]
        after = [reset for reset in resets if reset > at]
        first = (yield Ask(text, NAME, {**facts, "until": at, "resets": before})).outputs
        state = {"at": at, "overage": first["overage"], "balances": first["draw"]}
        state |= {"usage_in_period": first["used"], "grant_usage": first["grant_used"]}
        second = yield Ask(resumed, NAME, {**facts, "state": state, "resets": after})
        if _ends(_found(second)) == _ends(whole):
            same.add(at)
    return same


def _ends(found: Section) -> list[Any]:
    return [found[name] for name in ("balances", "overage", "usage_in_period", "grant_usage", "total_balance")]


def _grant(grant: Mapping[str, Any]) -> Section:
    """A grant's amounts as numbers, its recurrence as an interval of ours."""
    made: Section = {name: value for name, value in grant.items() if name != "recurrence"}
    for name in ("amount", "rollover_min", "rollover_max"):
        if name in made:
            made[name] = number(made[name])
    if "recurrence" in grant:
        made |= {"every": _interval(grant["recurrence"]["every"]), "anchor": grant["recurrence"]["anchor"]}
    return made


def _interval(period: str) -> str:
    found = _PERIOD.fullmatch(period)
    if found is None:
        raise LeftOut(f"a recurrence every {period}")
    count, unit, hours = found.groups()
    return f"{hours} hours" if hours else f"{count} {UNITS[unit]}s"


def _balances(given: Any) -> Any:
    if given == "from_grants":
        return None
    return [{"id": name, "balance": number(held)} for name, held in given.items()]


def _burning(case: Mapping[str, Any]) -> str:
    from_grants = case["start"]["balances"] == "from_grants"
    words = sorted({_interval(g["recurrence"]["every"]) for g in case["grants"] if "recurrence" in g}) or ["1 day"]
    grant: Section = {
        "id": "string",
        "amount": counted(),
        "effective_at": "timestamp",
        **{name: its for name, its in FIELDS.items() if name not in ("category", "effective_at")},
        "rollover_min": counted(default=Raw("0")),
        "rollover_max": counted(default=Raw("0")),
        "every": {"enum": words, "optional": True},
        "anchor": absent("timestamp"),
    }
    held = {"list": {"id": "string", "balance": counted()}, "max": MANY}
    state = {name: counted() for name in ("overage", "usage_in_period", "grant_usage")}
    burning: Section = {
        "grants": "grants",
        "balances": None if from_grants else "state.balances",
        "usage": "usage",
        "resets": "resets",
        "from": "state.at",
        "until": "until",
        "overage": "state.overage",
        "used": "state.usage_in_period",
        "grant_used": "state.grant_usage",
        "preserve_overage": case.get("preserve_overage", False),
        "aggregation": case.get("aggregation", "sum"),
    }
    inputs: Section = {
        "grants": {"list": grant, "max": MANY},
        "usage": {"list": {"at": "timestamp", "amount": counted()}, "max": MANY},
        "resets": {"list": "timestamp", "max": MANY},
        "state": {"at": "timestamp", **state, "balances": {**held, "default": []}},
        "until": "timestamp",
    }
    return entitled({"burn_down": present(burning)}, inputs=inputs)


def _found(answer: Answer) -> Section:
    found = answer.outputs
    return {
        "balances": {grant["id"]: grant["balance"] for grant in found["draw"]},
        "overage": found["overage"],
        "total_balance": found["balance"],
        "usage_in_period": found["used"],
        "grant_usage": found["grant_used"],
        "available_in_period": found["available"],
        "period_start": found["since"],
        "segment_count": len(found["segments"]),
        "segments": [_segment(segment) for segment in found["segments"]],
    }


def _segment(segment: Mapping[str, Any]) -> Section:
    held = {grant["id"]: grant["balance"] for grant in segment["start_balances"]}
    return {**segment, "usage": segment["used"], "start_balances": held}
