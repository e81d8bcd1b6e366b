"""Charges that hypothesis draws: every model, with the options that a law allows.

Numbers are short, so that amounts have few digits; bounds of tiers, packages and free quantities are small, so that
drawn quantities meet them, lie just beside them and skip over whole tiers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from golden.bundle_text import Raw
from hypothesis import strategies as st

Section = dict[str, Any]
Draw = Any

COUNTING = ("per_unit", "package", "graduated", "volume", "graduated_packages", "volume_packages", "table")
OF_AMOUNTS = ("percentage", "graduated_percentage", "volume_percentage", "pass_through")
MODELS = (*COUNTING, *OF_AMOUNTS)
STEP_DOWN = ("volume", "volume_packages", "volume_percentage")
"""Models under which more may cost less."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A charge with what stands beside it; `whole` says that it counts whole units only."""

    model: str
    charge: Section
    tables: Section
    whole: bool

    def with_fields(self, **fields: Any) -> Drawn:
        return replace(self, charge={**self.charge, **fields})

    def sections(self) -> Section:
        """The sections of a bundle with this charge and the facts of a slice."""
        of_units = self.model in COUNTING
        falls = of_units and "already_rated" in self.charge
        unit = " unit" if of_units else ""
        kind = f"int{unit}" if self.whole else f"decimal{unit}" if of_units else "money"
        quantity: Section = {"type": kind, "min": Raw("-100_000" if falls else "0"), "max": Raw("100_000")}
        before: Section = {"type": kind, "min": Raw("0"), "max": Raw("100_000"), "default": Raw("0")}
        if not self.whole:
            quantity["places"] = before["places"] = Raw("2")
        positions = ["first", "middle", "last", "only"]
        return {
            "inputs": {
                "used": quantity,
                "before": before,
                "billed": {
                    "type": "money",
                    "min": Raw("-1_000_000_000"),
                    "max": Raw("1_000_000_000"),
                    "default": Raw("0"),
                },
                "position": {"enum": positions, "default": "only"},
            },
            "tables": self.tables,
            "charges": {"charge": self.charge},
        }


def numbers(low: int, high: int, places: int = 1) -> st.SearchStrategy[Raw]:
    """Decimals as text, between `low` and `high`, with so many places."""
    factor = 10**places
    return st.integers(low * factor, high * factor).map(lambda n: Raw(_decimal(n, places)))


def _decimal(n: int, places: int) -> str:
    sign, digits = ("-" if n < 0 else ""), str(abs(n)).rjust(places + 1, "0")
    return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else f"{sign}{digits}"


def quantities(of: Drawn, low: int = 0, high: int = 60) -> st.SearchStrategy[str]:
    """A quantity that the charge counts, as a fact's text."""
    return numbers(low, high, 0 if of.whole else 2)


@st.composite
def bounds(draw: Draw, count: int) -> list[Raw]:
    """Upper bounds that grow."""
    found = draw(st.lists(st.integers(1, 40), min_size=count, max_size=count, unique=True))
    return [Raw(str(bound)) for bound in sorted(found)]


@st.composite
def tiers(draw: Draw, rate: str, sizes: Sequence[int | None] = (), rising: bool = False, flats: bool = True) -> Section:
    """`tiers` with `flat_at_zero`, perhaps with flat amounts; `rising` has rates that never fall."""
    count = draw(st.integers(0, 3))
    edges = [*draw(bounds(count)), None]
    rates = draw(st.lists(st.integers(0, 50), min_size=count + 1, max_size=count + 1))
    dues = draw(st.lists(st.integers(0, 20), min_size=count + 1, max_size=count + 1))
    if rising:
        rates, dues = sorted(rates), sorted(dues)
    has_flats = flats and draw(st.booleans())
    found = []
    for edge, each, due in zip(edges, rates, dues, strict=True):
        tier: Section = {} if edge is None else {"up_to": edge}
        tier[rate] = Raw(f"{each}%") if rate == "rate" else Raw(_decimal(each, 1))
        if has_flats:
            tier["flat_amount"] = Raw(str(due))
        if sizes:
            size = draw(st.sampled_from(sizes))
            tier |= {} if size is None else {"package_size": Raw(str(size))}
        found.append(tier)
    return {"tiers": found, "flat_at_zero": draw(st.booleans())}


@st.composite
def charges(
    draw: Draw,
    models: Sequence[str] = MODELS,
    rising: bool = False,
    free: bool | None = None,
    slices: bool = True,
    adjusts: bool = True,
) -> Drawn:
    """A charge of one of these models. `rising` draws no volume prices that fall; `free` None draws either."""
    model = draw(st.sampled_from(models))
    whole = draw(st.booleans()) if model in COUNTING else False
    found = draw(_priced(model, rising))
    charge: Section = dict(found)
    tables = charge.pop("tables_beside", {})
    has_free = draw(st.booleans()) if free is None else free
    if has_free and model in COUNTING:
        charge["free_quantity"] = draw(numbers(0, 30, 0 if whole else 1))
        if charge.get("mode") == "volume" or (charge["charge_model"] == "tiered" and draw(st.booleans())):
            charge["free_quantity_as"] = draw(st.sampled_from(_free_words(model)))
    elif has_free and model != "pass_through":
        charge["free_amount"] = draw(numbers(0, 30, 1))
    if model in COUNTING and draw(st.booleans()):
        charge["quantity_transform"] = draw(transforms(whole))
    if draw(st.booleans()):
        charge["weight"] = draw(numbers(0, 3, 1))
    if slices:
        charge |= {"already_rated": "before", "already_billed": "billed", "position": "position"}
    drawn = Drawn(model, charge, tables, whole)
    return draw(adjusted(drawn)) if adjusts else drawn


def _free_words(model: str) -> tuple[str, ...]:
    """Tiers that sell packages take their free quantity off first."""
    return ("quantity",) if model.endswith("packages") else ("quantity", "tier")


@st.composite
def _priced(draw: Draw, model: str, rising: bool) -> Section:
    counted: Section = {"quantity": Raw("used")}
    amounts: Section = {"base": Raw("used")}
    match model:
        case "per_unit":
            return {"charge_model": "per_unit", **counted, "unit_amount": draw(numbers(0, 5))}
        case "package":
            rounding = draw(st.sampled_from(["ceiling", "floor"]))
            size = Raw(str(draw(st.integers(1, 12))))
            one = {"package_size": size, "package_rounding": rounding, "unit_amount": draw(numbers(0, 20))}
            return {"charge_model": "package", **counted, **one}
        case "graduated" | "volume":
            priced = {"charge_model": "tiered", "mode": model, **counted, **draw(tiers("unit_amount", rising=rising))}
            return priced
        case "graduated_packages" | "volume_packages":
            one_size = draw(st.booleans())
            sizes: list[int | None] = [draw(st.sampled_from([1, 2, 4, 5, 8]))] if one_size else [1, 3, 4, 7, None]
            drawn = draw(tiers("unit_amount", sizes, rising))
            drawn["tiers"][0].setdefault("package_size", Raw(str(sizes[0])))
            rounding = draw(st.sampled_from(["total_first", "per_tier"])) if one_size else "per_tier"
            mode = model.partition("_")[0]
            return {"charge_model": "tiered", "mode": mode, **counted, **drawn, "package_rounding": rounding}
        case "table":
            drawn = draw(tiers("unit_amount", rising=rising))
            mode = draw(st.sampled_from(["graduated", "volume"])) if rising else "graduated"
            kind = {"up_to": "decimal unit", "unit_amount": "money / unit", "flat_amount": "money"}
            row = {"id": "own", "region": "here", "tiers": drawn.pop("tiers")}
            table = {"when": {"region": "'here'"}, "then": {"tiers": kind}, "rows": [row], "otherwise": Raw("error")}
            return {
                "charge_model": "tiered",
                "mode": mode,
                **counted,
                **drawn,
                "tiers": "price.tiers",
                "tables_beside": {"price": table},
            }
        case "percentage":
            return {"charge_model": "percentage", **amounts, "rate": Raw(f"{draw(st.integers(0, 40))}%")}
        case "pass_through":
            return {"charge_model": "pass_through", **amounts, "factor": draw(numbers(0, 3))}
    mode = model.partition("_")[0]
    return {"charge_model": "tiered_percentage", "mode": mode, **amounts, **draw(tiers("rate", rising=rising))}


@st.composite
def transforms(draw: Draw, whole: bool) -> Section:
    """A transform of the quantity, rounded where it divides."""
    if draw(st.booleans()):
        return {"multiply": Raw(str(draw(st.integers(1, 3))))}
    mode = draw(st.sampled_from(["ceiling", "floor", "half_up", "half_even"]))
    places = 0 if whole else draw(st.integers(0, 1))
    return {"divide": Raw(str(draw(st.integers(1, 4)))), "round": {"places": Raw(str(places)), "mode": mode}}


@st.composite
def adjusted(draw: Draw, drawn: Drawn) -> Drawn:
    """The charge with some of: a discount in percent, a maximum, a minimum, a commitment."""
    charge: Section = dict(drawn.charge)
    if draw(st.booleans()):
        charge["discounts"] = [{"percent": Raw(f"{draw(st.integers(0, 100))}%")}]
    if draw(st.booleans()):
        charge["maximum"] = draw(numbers(0, 200))
    if drawn.model in COUNTING and draw(st.integers(0, 2)) == 0:
        charge["commitment"] = draw(commitments(drawn.whole))
    elif draw(st.booleans()):
        charge["minimum"] = draw(numbers(0, 100))
    return replace(drawn, charge=charge)


@st.composite
def commitments(draw: Draw, whole: bool) -> Section:
    """A committed amount or quantity; an overage factor by which usage can be found again from what it cost."""
    of = draw(st.sampled_from(["amount", "quantity"]))
    value = draw(numbers(0, 50, 0 if whole or of == "quantity" else 1))
    factor = (
        {"overage_factor": Raw(draw(st.sampled_from(["0.5", "1", "1.25", "2", "4"])))} if draw(st.booleans()) else {}
    )
    return {of: value, "true_up": draw(st.booleans()), **factor}
