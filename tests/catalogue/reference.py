"""What `genai-prices` says: its models, the price of a call, and the script that made our tables from them."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from pathlib import Path
from types import ModuleType

from genai_prices.data import providers
from genai_prices.types import ModelInfo, ModelPrice, PriceVariant, Provider
from genai_prices.units import UnitDef, UnitRegistry, _get_registry

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = ROOT / "policies" / "llm-catalog"
PLACES = Decimal("1e-12")
DIGITS = 60  # more than any price times any count needs, so that the package rounds nothing but endless quotients

Count = int | Decimal
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a model, and what it is there to show (`kind`)."""

    provider: str
    model: str
    variant: str
    at: datetime
    usage: Mapping[str, Count]
    kind: str

    @property
    def key(self) -> Key:
        return self.provider, self.model

    @property
    def facts(self) -> dict[str, object]:
        """The call as the bundle's input."""
        call = {"provider": self.provider, "model": self.model, "variant": self.variant}
        return {"call": call, "usage": dict(self.usage)}


def load_build() -> ModuleType:
    """The script beside the bundle, as a module."""
    spec = importlib.util.spec_from_file_location("llm_catalog_build", CATALOGUE / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


MODELS: dict[Key, tuple[Provider, ModelInfo]] = {
    (provider.id, model.id): (provider, model) for provider in providers for model in provider.models
}
REGISTRY: UnitRegistry = _get_registry()


def price(call: Call) -> Decimal:
    """The package's price, rounded to 12 places; raises ValueError where it refuses the usage."""
    provider, model = MODELS[call.key]
    context = context_of(model, call.variant)
    with localcontext() as exact:
        exact.prec = DIGITS
        found = model.calc_price(
            call.usage, provider, genai_request_timestamp=call.at, price_context=context
        ).total_price
        return found.quantize(PLACES, ROUND_HALF_EVEN)


def context_of(model: ModelInfo, variant: str) -> Mapping[str, str] | None:
    """What the package wants to be told for a variant, by its name; one that the model lacks is called processing."""
    if variant == "standard":
        return None
    known = (each.when for each in variants(model) if variant in each.when.values())
    return next(known, {"processing": variant})


def variants(model: ModelInfo) -> list[PriceVariant]:
    """The variants of a model, as the package lists them."""
    return model.price_variants or []


def offered(model: ModelInfo, at: datetime) -> list[str]:
    """The names of the variants that have a price at an instant, the standard one first."""
    active = [each for each in variants(model) if each.constraint is None or each.constraint.active(at)]
    return ["standard", *dict.fromkeys(name for each in active for name in each.when.values())]


def prices(model: ModelInfo, variant: str, at: datetime) -> ModelPrice:
    """The package's prices of one variant at an instant."""
    return model.get_prices(at, context_of(model, variant))


def priced(its: ModelPrice) -> dict[str, UnitDef]:
    """The usage keys that have a price, with their units."""
    units = [REGISTRY.unit_for_price_key(key) for key, value in vars(its).items() if value is not None]
    return {unit.usage_key: unit for unit in units}
