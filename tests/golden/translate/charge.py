"""Kind `charge`: what one period's usage costs under one model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from golden.asking import Ask, Translation
from golden.bundle_text import Names, Raw
from golden.translate import percentages
from golden.translate.roundings import least
from golden.translate.sections import (
    CHARGE,
    DECISION,
    EXACTLY,
    MANY,
    QUANTITY,
    Section,
    amount,
    answered,
    asked,
    average,
    charge,
    charges,
    measure,
    number,
    outputs,
    rounding,
)


def translate(case: Mapping[str, Any]) -> Translation:
    """One question to a charge of the model."""
    model, given = case["model"], case["input"]
    match model["type"]:
        case "matrix":
            return _matrix(model, given)
        case "percentage":
            return percentages.charge(model, given)
        case "pass_through":
            return _events(model, given)
        case "token_cost":
            return _tokens(model, given)
    return _quantity(model, given)


# ---------------------------------------------------------------------------------------------------- by a quantity


def _quantity(model: Mapping[str, Any], given: Mapping[str, Any]) -> Translation:
    """A model over one quantity; `tier_selection_quantity` picks the tiers, and the quantity weighs their units."""
    inputs = {name: measure(model) for name in (QUANTITY, "tier_selection_quantity") if name in given}
    section = charge(model, _billable(model, given))
    if "tier_selection_quantity" in given:
        section["weight"] = f"{QUANTITY} == 0 ? 0 : {QUANTITY} / tier_selection_quantity"
        section.setdefault("round", EXACTLY)
    answers = outputs(model, section)
    if inputs:
        answers |= average(model, f"{CHARGE}.billed_quantity" if "quantity" in section else QUANTITY)
    text = asked(model["currency"], answers, inputs=inputs, charges=charges(model, section))
    answer = yield Ask(text, DECISION, {name: number(given[name]) for name in inputs})
    return answered(answer.outputs)


def _billable(model: Mapping[str, Any], given: Mapping[str, Any]) -> str:
    """The expression of the quantity: at least the smallest one that is sold."""
    name = "tier_selection_quantity" if "tier_selection_quantity" in given else QUANTITY
    return f"max({name}, {model['minimum_quantity']})" if "minimum_quantity" in model else name


# ------------------------------------------------------------------------------------------------------- by an event


def _events(model: Mapping[str, Any], given: Mapping[str, Any]) -> Translation:
    """Amounts that the events carry."""
    text = events_bundle(model, with_quantity=QUANTITY in given)
    answer = yield Ask(text, DECISION, events_facts(given))
    return answered(answer.outputs)


def events_bundle(model: Mapping[str, Any], with_quantity: bool) -> str:
    """A pass-through charge of each event; in minor units a unit is the currency's least amount."""
    in_minor = model["event_amount_unit"] == "minor"
    section = charge(model, "event.amount_minor * least" if in_minor else "event.amount")
    section |= {"each": "event in events", "round_each": rounding(model, "event"), "round": rounding(model, "line")}
    if with_quantity and model.get("zero_quantity_is_free"):
        section["when"] = f"{QUANTITY} > 0"
    field = {"amount_minor": {"type": "decimal", "min": Raw("0")}} if in_minor else {"amount": amount()}
    inputs = {"events": {"list": field, "max": MANY}} | ({QUANTITY: "decimal"} if with_quantity else {})
    section = {key: value for key, value in section.items() if value}
    values = {"least": least(model["currency"])} if in_minor else {}
    return asked(
        model["currency"],
        inputs=inputs,
        values=values,
        charges=charges(model, section),
        outputs=outputs(model, section) | (average(model, QUANTITY) if with_quantity else {}),
    )


def events_facts(given: Mapping[str, Any]) -> Section:
    """The events' amounts, and the quantity that they stand for."""
    fields = ("amount", "amount_minor")
    events = [{name: number(event[name]) for name in fields if name in event} for event in given["events"]]
    return {"events": events} | ({QUANTITY: number(given[QUANTITY])} if QUANTITY in given else {})


# ------------------------------------------------------------------------------------------------- by a price matrix


def _matrix(model: Mapping[str, Any], given: Mapping[str, Any]) -> Translation:
    """A table of unit prices by dimensions, called for each usage."""
    names = Names("usage", "unit_amount")
    dimensions = {dimension: names[dimension] for dimension in model["dimensions"]}
    rows = [_cell(dimensions, place, cell) for place, cell in enumerate(model["cells"], start=1)]
    default = model.get("default_unit_amount")
    table = {
        "hit": "first",
        "when": {name: {"type": "string"} for name in dimensions.values()},
        "then": {"unit_amount": "money"},
        "rows": rows,
        "otherwise": Raw("error") if default is None else {"unit_amount": number(default)},
    }
    price = f"cell({', '.join(f'usage.{name}' for name in dimensions.values())})"
    section = charge({**model, "type": "per_unit", "unit_amount": price}, f"usage.{QUANTITY}")
    section |= {"each": "usage in usages", "unit_amount": price}
    usage = {QUANTITY: measure(model)} | {name: {"type": "string", "default": ""} for name in dimensions.values()}
    text = asked(
        model["currency"],
        inputs={"usages": {"list": usage, "max": MANY}},
        tables={"cell": table},
        charges=charges(model, section),
        outputs=outputs(model, section),
    )
    usages = [
        {QUANTITY: number(used[QUANTITY]), **{dimensions[name]: value for name, value in used["dims"].items()}}
        for used in given["usage"]
    ]
    answer = yield Ask(text, DECISION, {"usages": usages})
    found = answered(answer.outputs)
    return {**found, "cell_amounts": [line["amount"] for line in found["lines"]]}


def _cell(dimensions: Mapping[str, str], place: int, cell: Mapping[str, Any]) -> Section:
    matched = {dimensions[name]: value for name, value in cell["match"].items()}
    return {"id": f"cell_{place}", **matched, "unit_amount": number(cell["unit_amount"])}


# ------------------------------------------------------------------------------------------------------- token costs

MARKUPS = ("model", "provider", "default")
NO_MARKUP = "none"


def _tokens(model: Mapping[str, Any], given: Mapping[str, Any]) -> Translation:
    """Two prices for a million tokens, and the first markup that is given."""
    kinds = ("input", "output")
    costs = {
        f"{kind}_cost": {"charge_model": "per_unit", "quantity": f"{kind}_tokens", "unit_amount": f"{kind}_price"}
        for kind in kinds
    }
    prices = {
        f"{kind}_price": {
            "type": "money / 1_000_000 token",
            "value": number(model[f"{kind}_price_per_million"]),
        }
        for kind in kinds
    }
    section = charge({**model, "type": "pass_through"}, "cost.amount") | {"factor": "1 + markup / 100"}
    tokens: Section = {f"{kind}_tokens": {"type": "decimal token", "min": Raw("0")} for kind in kinds}
    markups: Section = {f"{level}_markup": {"type": "decimal", "optional": True} for level in MARKUPS}
    text = asked(
        model["currency"],
        inputs=tokens | markups,
        parameters=prices,
        values={
            "markup": _first([(level, f"{level}_markup") for level in MARKUPS], "0"),
            "markup_source": _first([(level, f"'{level}'") for level in MARKUPS], f"'{NO_MARKUP}'"),
        },
        charges=costs | {"cost": {"sum": list(costs)}} | charges(model, section),
        outputs=outputs(model, section) | {"base_cost": Raw("cost.amount"), "markup_source": Raw("markup_source")},
    )
    facts = {name: number(given[name]) for name in tokens}
    stated = {level: model.get(f"{level}_markup_percent") for level in MARKUPS}
    facts |= {f"{level}_markup": number(value) for level, value in stated.items() if value is not None}
    answer = yield Ask(text, DECISION, facts)
    return answered(answer.outputs)


def _first(choices: list[tuple[str, str]], otherwise: str) -> str:
    """What belongs to the first markup that is there."""
    return " : ".join([*(f"has({level}_markup) ? {value}" for level, value in choices), otherwise])


__all__ = ["DECISION", "events_bundle", "events_facts", "translate"]
