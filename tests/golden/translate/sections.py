"""A pricing case's `model` -> the entry of `charges` that says the same, and what its answer is called here.

Every number of a model is written into the bundle as it stands; what was used is a fact. The order of operations is the
engine's own, so an option of the model becomes the option of the charge.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from golden.asking import LeftOut
from golden.bundle_text import Raw, bundle
from golden.compare import Printed

CHARGE, TOTAL, QUANTITY, DECISION = "charge", "total", "quantity", "bill"
OF_AMOUNTS = ("percentage", "tiered_percentage", "pass_through")
MANY = Raw("1_000")
CENTS = {"places": Raw("2"), "mode": "half_up"}
EXACTLY = {"places": Raw("20"), "mode": "half_even"}
EXACT = {"min": Raw("0"), "max": Raw("1_000_000_000_000"), "places": Raw("12")}

Section = dict[str, Any]
Model = Mapping[str, Any]


def asked(currency: str, outputs: Section, **sections: Section) -> str:
    """The text of a bundle with one decision, `DECISION`, that gives these outputs."""
    return bundle({**sections, "decisions": {DECISION: {"outputs": outputs}}}, currency)


def number(text: str) -> Raw:
    """A number of a case, written without quotes."""
    return Raw(text)


def measure(model: Model, **attributes: Any) -> Section:
    """The type of what a charge of this model counts: amounts or units, negative only where the model speaks of it."""
    least = {} if model.get("negative_quantity") else {"min": Raw("0")}
    return {"type": "money" if model["type"] in OF_AMOUNTS else "decimal", **least, **attributes}


def amount(**attributes: Any) -> Section:
    """The type of an amount of money that is not negative."""
    return {"type": "money", "min": Raw("0"), **attributes}


def rounding(model: Model, *levels: str) -> Section:
    """The `round` of a model that rounds at one of these levels, None for a model that does not."""
    stated = model.get("rounding") or {"level": "none"}
    if stated["level"] not in levels:
        return {}
    places = Raw(stated["scale"]) if "scale" in stated else "currency"
    return {"places": places, "mode": stated["mode"]}


def charge(model: Model, quantity: str = QUANTITY) -> Section:
    """The charge of a model, without total rounding, over this expression."""
    options = {**_quantity_options(model), **_amount_options(model)}
    return {key: value for key, value in {**_priced(model, quantity), **options}.items() if value not in (None, {})}


def charges(model: Model, section: Section) -> Section:
    """The charge, and where the model rounds the total, a sum that does."""
    total = rounding(model, "total")
    return {CHARGE: section} | ({TOTAL: {"sum": [CHARGE], "round": total}} if total else {})


def billed(model: Model) -> str:
    """The name of the charge whose amount is the model's."""
    return TOTAL if rounding(model, "total") else CHARGE


def _priced(model: Model, quantity: str) -> Section:
    match model["type"]:
        case "flat":
            return {"charge_model": "flat", "flat_amount": number(model["amount"])}
        case "per_unit":
            return {"charge_model": "per_unit", "quantity": quantity, "unit_amount": number(model["unit_amount"])}
        case "package":
            return {
                "charge_model": "package",
                "quantity": quantity,
                "package_size": number(model["package_size"]),
                "package_rounding": model["package_rounding"],
                "unit_amount": number(model["package_amount"]),
            }
        case "tiered":
            return {"charge_model": "tiered", "quantity": quantity, **_tiered(model)}
        case "tiered_percentage":
            return {"charge_model": "tiered_percentage", "base": quantity, **_tiered(model)}
        case "pass_through":
            return {"charge_model": "pass_through", "base": quantity, "factor": _optional(model, "multiplier")}
    raise LeftOut(f"a charge of type {model['type']} by quantity")


def _tiered(model: Model) -> Section:
    return {
        "mode": model["mode"],
        "package_rounding": model.get("package_rounding"),
        "flat_at_zero": model.get("first_tier_flat_at_zero"),
        "tiers": [_tier(tier) for tier in model["tiers"]],
    }


def _tier(tier: Model) -> Section:
    """One tier; the open one has no `up_to`."""
    rate = f"{tier['rate_percent']}%" if "rate_percent" in tier else None
    given = {"up_to": tier.get("up_to"), "package_size": tier.get("package_size"), "rate": rate}
    given |= {"unit_amount": tier.get("unit_amount"), "flat_amount": tier.get("flat_amount")}
    return {key: number(value) for key, value in given.items() if value is not None}


def _optional(model: Model, field: str) -> Raw | None:
    return number(model[field]) if model.get(field) is not None else None


def _quantity_options(model: Model) -> Section:
    """What happens to the quantity before it is priced."""
    options: Section = {"negative_quantity": model.get("negative_quantity")}
    if model.get("quantity_transform"):
        options["quantity_transform"] = transform(model["quantity_transform"])
    if model.get("allowance") is not None:
        if model["allowance_mode"] != "prepend_free_tier_and_shift":
            raise LeftOut(f"an allowance by {model['allowance_mode']}")
        options |= {"free_quantity": number(model["allowance"]), "free_quantity_as": "tier"}
    elif model.get("free_quantity") is not None:
        as_quantity = {"free_quantity_as": "quantity"} if model.get("mode") == "volume" else {}
        options |= {"free_quantity": number(model["free_quantity"]), **as_quantity}
    return options


def transform(stated: Model) -> Section:
    """The `quantity_transform` of a model."""
    changed: Section = {stated["op"]: number(stated["factor"])}
    if stated.get("rounding", "none") != "none":
        changed["round"] = {"places": Raw(stated.get("scale", "0")), "mode": stated["rounding"]}
    elif stated["op"] == "divide":
        changed["round"] = EXACTLY
    return changed


def _amount_options(model: Model) -> Section:
    """What happens to the amount after it is priced."""
    percent = model.get("discount_percent")
    return {
        "round": rounding(model, "line", "event"),
        "discounts": None if percent is None else [{"percent": Raw(f"{percent}%"), "round": CENTS}],
        "maximum": _optional(model, "maximum"),
        "minimum": None if model.get("ignore_minimum") else _optional(model, "minimum"),
    }


def outputs(model: Model, section: Section) -> Section:
    """What a decision answers of a charge: what a case can assert of it, a step that it leaves out with nothing."""
    nothing = Raw(f"0 {model['currency']}")
    found: Section = {
        "amount": Raw(f"{billed(model)}.amount"),
        "lines": Raw(f"{CHARGE}.lines"),
        "true_up": Raw(f"{CHARGE}.true_up") if "minimum" in section else nothing,
        "usage_amount": f"{CHARGE}.amount - {CHARGE}.true_up" if "minimum" in section else Raw(f"{CHARGE}.amount"),
        "discount_for_maximum": Raw(f"{CHARGE}.over_maximum") if "maximum" in section else nothing,
        "discount": Raw(f"{CHARGE}.discount") if "discounts" in section else nothing,
    }
    if "quantity" in section and "each" not in section:
        found["billed_quantity"] = Raw(f"{CHARGE}.billed_quantity")
    return found


def average(model: Model, units: str) -> Section:
    """The output that says what one unit came to, 0 where there are none."""
    each = f"round({billed(model)}.amount / {units}, 20, half_up)"
    return {"average_unit_amount": f"{units} == 0 ? 0 : {each}"}


def answered(answers: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs by the names of the cases; the amounts of the tiers are those of the lines."""
    printed = {name: Printed(answers[name]) for name in ("average_unit_amount",) if name in answers}
    return {**answers, **printed, "tier_amounts": [line["amount"] for line in answers["lines"] if "tier" in line]}
